import type { FuncCall } from 'libpg-query'
import { STEADY_FUNCTIONS, VOLATILE_FUNCTIONS } from './function-volatility.ts'
import type { Effect } from './effect.ts'
import { undecided } from './effects.ts'
import { listName, sqlName } from './object-names.ts'
import { findAll } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** Functions of the server that queries use, beside those that defaults do; none of them changes a schema. */
const QUERY_FUNCTIONS: ReadonlySet<string> = new Set(
  `array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every
  first_value generate_series generate_subscripts grouping json_agg json_array_elements_text json_each json_each_text
  json_object_agg json_object_keys json_populate_record json_populate_recordset json_to_record json_to_recordset
  jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_agg
  jsonb_object_keys jsonb_path_query jsonb_populate_record jsonb_populate_recordset jsonb_to_record
  jsonb_to_recordset lag last_value lead max min mode nth_value ntile percent_rank percentile_cont percentile_disc
  range_agg range_intersect_agg rank regexp_matches regexp_split_to_table regr_slope row_number stddev stddev_pop
  stddev_samp string_agg string_to_table sum unnest var_pop var_samp variance xmlagg xmltable
  crypt col_description has_any_column_privilege has_column_privilege has_database_privilege has_function_privilege
  has_schema_privilege has_table_privilege obj_description pg_advisory_unlock pg_advisory_unlock_all
  pg_database_size pg_export_snapshot pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_indexdef
  pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_indexes_size pg_is_in_recovery pg_relation_size
  pg_size_pretty pg_stat_reset pg_table_is_visible pg_table_size pg_total_relation_size pg_try_advisory_lock_shared
  shobj_description to_regnamespace to_regproc to_regprocedure to_regrole to_regtype similarity word_similarity`.split(
    /\s+/,
  ),
)

/** Functions that run SQL which they are handed, or reach out of the statement. */
const RUNS_SQL: ReadonlySet<string> = new Set([
  'query_to_xml',
  'query_to_xmlschema',
  'query_to_xml_and_xmlschema',
  'ts_stat',
])

/**
 * Calls whose effect cannot be read: volatile functions of the user's, and those that nobody told us of. Statements of common
 * table expressions speak for themselves.
 */
export function callsIn(tree: unknown, { catalog }: RuleContext): Effect[] {
  const names = new Map<string, FuncCall>()
  for (const call of findAll(tree, 'FuncCall', 'withClause')) {
    const name = listName(call.funcname)
    const declared = catalog.functionVolatility(name)
    const opaque = declared === undefined ? !isBuiltIn(name) : declared === 'volatile'
    if (opaque && !names.has(sqlName(name))) names.set(sqlName(name), call)
  }
  return [...names].map(([name, { location }]) =>
    undecided(
      'calls-function',
      ['compat', 'lock'],
      { function: name },
      location === undefined ? {} : { at: location },
    ),
  )
}

function isBuiltIn({ schema, name }: { readonly schema?: string; readonly name: string }): boolean {
  if (schema !== undefined && schema !== 'pg_catalog') return false
  if (RUNS_SQL.has(name)) return false
  return STEADY_FUNCTIONS.has(name) || VOLATILE_FUNCTIONS.has(name) || QUERY_FUNCTIONS.has(name)
}
