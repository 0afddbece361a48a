import { loadParser } from '../sql/parser.ts'
import { isPreparable, isTransactionControl } from './query-targets.ts'
import { constantOf, valueChoices } from './query-values.ts'
import type { Constants } from './query-values.ts'
import type { OracleQuery, QueryOutcome } from './schema-oracle.ts'
import { quoteLiteral, refusalOf, rowsOf } from './sql-client.ts'
import type { Answer, Field, SqlClient, SqlRefusal } from './sql-client.ts'
import type { ValueType } from './synthetic-values.ts'

/** The queries of releases on one connection: see {@link OracleSession}. */
export interface ContractQueries {
  warm(queries: readonly OracleQuery[]): Promise<readonly QueryOutcome[]>
  runWarm(): Promise<readonly QueryOutcome[]>
  runFresh(queries: readonly OracleQuery[]): Promise<readonly QueryOutcome[]>
}

interface WarmQuery {
  readonly query: OracleQuery
  /** Undefined where it is sent as it is, and not prepared. */
  readonly name: string | undefined
  /** Undefined where it could not be prepared. */
  readonly constants: Constants | undefined
  readonly outcome: QueryOutcome
}

/** Prepares and runs queries on a connection. Each run is rolled back. */
export function contractQueries(client: SqlClient): ContractQueries {
  const typeNames = new Map<string, string>()
  /** What a query was warmed with, it is run with from then on. */
  const chosen = new Map<string, Constants>()
  const warmed: WarmQuery[] = []
  const finish = async (result: Result): Promise<QueryOutcome> => {
    if (!('fields' in result)) return { error: result, shape: [] }
    return { shape: await shapeOf(client, result.fields, typeNames) }
  }
  const warmOne = async (query: OracleQuery, index: number): Promise<WarmQuery> => {
    const name = isPreparable(query.sql) ? `changeover_warm_${index}` : undefined
    const prepared = await prepareAndRun(client, query, name, chosen.get(query.sql))
    if (prepared.constants) chosen.set(query.sql, prepared.constants)
    const outcome = await finish(prepared.result)
    return { query, name, constants: prepared.constants, outcome }
  }
  return {
    warm: async (queries) => {
      await loadParser()
      const added: WarmQuery[] = []
      for (const query of queries) added.push(await warmOne(query, warmed.length + added.length))
      warmed.push(...added)
      return added.map(({ outcome }) => outcome)
    },
    runWarm: async () => {
      const outcomes: QueryOutcome[] = []
      for (const { query, name, constants, outcome } of warmed) {
        const sql = name === undefined ? query.sql : constants && execute(name, constants)
        outcomes.push(sql === undefined ? outcome : await finish(await runOnce(client, sql)))
      }
      return outcomes
    },
    runFresh: async (queries) => {
      await loadParser()
      const outcomes: QueryOutcome[] = []
      for (const query of queries) {
        const name = isPreparable(query.sql) ? 'changeover_fresh' : undefined
        const { result } = await prepareAndRun(client, query, name, chosen.get(query.sql))
        outcomes.push(await finish(result))
        if (name !== undefined) await settle(client, `deallocate ${name}`)
      }
      return outcomes
    },
  }
}

type Result = Answer | SqlRefusal

interface PreparedRun {
  readonly result: Result
  readonly constants: Constants | undefined
}

async function prepareAndRun(
  client: SqlClient,
  query: OracleQuery,
  name: string | undefined,
  known: Constants | undefined,
): Promise<PreparedRun> {
  if (name === undefined) return { result: await runOnce(client, query.sql), constants: undefined }
  const prepared = await settle(client, `prepare ${name} as ${query.sql}`)
  if (!('fields' in prepared)) return { result: prepared, constants: undefined }
  const given = query.values?.map(constantOf) ?? known
  const choices = given ? [given] : await choicesFor(client, name, query.sql)
  return runFirst(client, name, choices)
}

/** Runs with the first values that the server takes; where it takes none, the first ones stand. */
async function runFirst(
  client: SqlClient,
  name: string,
  choices: readonly Constants[],
): Promise<PreparedRun> {
  let first: PreparedRun | undefined
  for (const constants of choices) {
    const run = { result: await runOnce(client, execute(name, constants)), constants }
    if ('fields' in run.result) return run
    first ??= run
  }
  return first ?? { result: { fields: [], rows: [] }, constants: [] }
}

function execute(name: string, constants: Constants): string {
  return constants.length === 0 ? `execute ${name}` : `execute ${name}(${constants.join(', ')})`
}

async function settle(client: SqlClient, sql: string): Promise<Result> {
  try {
    return await client.query(sql)
  } catch (error) {
    const { code, message } = refusalOf(error)
    return { code, message }
  }
}

/** In a transaction that is rolled back, with all that is deferred brought forward. */
async function runOnce(client: SqlClient, sql: string): Promise<Result> {
  if (isTransactionControl(sql)) return { fields: [], rows: [] }
  await client.query('begin')
  const result = await settle(client, sql)
  const checked =
    'fields' in result ? await settle(client, 'set constraints all immediate') : result
  await client.query('rollback')
  return 'fields' in checked ? result : checked
}

async function choicesFor(
  client: SqlClient,
  name: string,
  sql: string,
): Promise<readonly Constants[]> {
  const rows = await rowsOf<Record<keyof ValueType, string | null>>(client, parameterTypes(name))
  const types = rows.map((row): ValueType => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an array of texts by the query
    const labels = JSON.parse(row.labels ?? '[]') as string[]
    return {
      name: row.name ?? '',
      kind: row.kind ?? '',
      category: row.category ?? '',
      modifier: -1,
      labels,
      attributes: Number(row.attributes),
    }
  })
  return valueChoices(client, sql, types)
}

function parameterTypes(name: string): string {
  return `
select t.typname as name, t.typtype as kind, t.typcategory as category,
  (select json_agg(enumlabel order by enumsortorder) from pg_catalog.pg_enum where enumtypid = t.oid) as labels,
  (select count(*) from pg_catalog.pg_attribute where attrelid = t.typrelid and attnum > 0) as attributes
from pg_catalog.pg_prepared_statements s,
  unnest(s.parameter_types::oid[]) with ordinality p(oid, number)
join pg_catalog.pg_type d on d.oid = p.oid
join pg_catalog.pg_type t on t.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
where s.name = ${quoteLiteral(name)} order by p.number`
}

/** Types keep the name by which they were first met: a driver knows them by their oid. */
async function shapeOf(
  client: SqlClient,
  fields: readonly Field[],
  names: Map<string, string>,
): Promise<QueryOutcome['shape']> {
  const missing = fields.filter((field) => !names.has(keyOf(field)))
  if (missing.length > 0) {
    const columns = missing.map(
      ({ type, modifier }) => `pg_catalog.format_type(${type}, ${modifier})`,
    )
    const { rows } = await client.query(`select ${columns.join(', ')}`)
    missing.forEach((field, index) => names.set(keyOf(field), rows[0]?.[index] ?? 'unknown'))
  }
  return fields.map((field) => ({ name: field.name, type: names.get(keyOf(field)) ?? 'unknown' }))
}

function keyOf({ type, modifier }: Field): string {
  return `${type}:${modifier}`
}
