import type { CreateTableAsStmt, RefreshMatViewStmt, ViewStmt } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { createTableAsEffects } from './create-table.ts'
import { relationNeeds } from './drop-rules.ts'
import type { Effect } from './effect.ts'
import { blocking, breaking, harmless, isPrivate, lockOn, refused } from './effects.ts'
import { quoted, rangeName, sqlName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import { writesIn } from './write-rules.ts'

/** CREATE VIEW and CREATE OR REPLACE VIEW. */
export function viewEffects(node: ViewStmt, { catalog }: RuleContext): readonly Effect[] {
  const name = rangeName(node.view)
  const relation = catalog.relation(name)
  const names = { view: sqlName(name) }
  const known = relation && !relation.assumed ? relation : undefined
  if (node.view?.relpersistence === 't' || isPrivate(known)) return [harmless('create-view', names)]
  if (!node.replace || known?.kind !== 'view') return [harmless('create-view', names)]
  const locks = lockOn(known, 'ACCESS EXCLUSIVE')
  const missing = lostColumn(node, known)
  if (missing !== undefined)
    return [refused('replace-view-refused', { ...names, column: quoted(missing) }, { locks: [] })]
  return [harmless('replace-view', names, { locks })]
}

/** CREATE OR REPLACE may only add columns behind those that are there; the first one of those that it does not repeat. */
function lostColumn(node: ViewStmt, view: Relation): string | undefined {
  const offered = offeredColumns(node)
  return offered && [...view.columns.keys()].find((column, place) => offered[place] !== column)
}

/** Names of the columns as far as the text gives them; undefined where it does not. */
function offeredColumns({ aliases, query }: ViewStmt): string[] | undefined {
  if (aliases?.length) return undefined
  const targets = nodesOf(nodeOf(query, 'SelectStmt')?.targetList, 'ResTarget')
  const names = targets.map(({ name, val }) => {
    const last = nodeOf(val, 'ColumnRef')?.fields?.at(-1)
    return name ?? nodeOf(last, 'String')?.sval
  })
  return names.length > 0 && names.every((each) => each !== undefined) ? names : undefined
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export function createAsEffects(node: CreateTableAsStmt, context: RuleContext): readonly Effect[] {
  return [...createTableAsEffects(node, context), ...writesIn(node.query, context)]
}

/** REFRESH MATERIALIZED VIEW. */
export function refreshEffects(
  node: RefreshMatViewStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const name = rangeName(node.relation)
  const relation = catalog.relation(name)
  const names = { view: sqlName(name) }
  if (isPrivate(relation)) return [harmless('refresh-new-view', names)]
  if (node.concurrent) return [refreshConcurrently(node, relation, names)]
  if (node.skipData) {
    const removes = relation ? relationNeeds(relation) : []
    return [
      breaking('refresh-with-no-data', names, {
        locks: lockOn(relation, 'ACCESS EXCLUSIVE'),
        removes,
      }),
    ]
  }
  return [
    blocking('refresh-materialized-view', names, lockOn(relation, 'ACCESS EXCLUSIVE', 'rewrite')),
  ]
}

function refreshConcurrently(
  node: RefreshMatViewStmt,
  view: Relation | undefined,
  names: Effect['names'],
): Effect {
  const indexes = [...(view?.indexes.values() ?? [])]
  const matchable = indexes.some(({ unique, partial }) => unique && !partial)
  const refusal = node.skipData || (view && !view.assumed && !matchable)
  if (refusal) return refused('refresh-concurrently-refused', names)
  return harmless('refresh-concurrently', names, { locks: lockOn(view, 'EXCLUSIVE', 'update') })
}
