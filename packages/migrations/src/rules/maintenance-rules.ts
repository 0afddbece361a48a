import type {
  ClusterStmt,
  CommentStmt,
  CreateStatsStmt,
  LockStmt,
  TruncateStmt,
  VacuumStmt,
} from 'libpg-query'
import type { Catalog, Relation } from '../catalog/catalog.ts'
import type { Effect, LockWork } from './effect.ts'
import { atLeast, LOCK_MODES } from './lock-mode.ts'
import { blocking, breaking, harmless, isPrivate, lockOn, refused } from './effects.ts'
import { inTransaction, partitionsOf } from './index-rules.ts'
import { fullName, nodeName, rangeName, sqlName } from './object-names.ts'
import { isSwitchedOn, nodeOf, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** VACUUM and ANALYZE. */
export function vacuumEffects(node: VacuumStmt, context: RuleContext): readonly Effect[] {
  const ranges = nodesOf(node.rels, 'VacuumRelation').map(({ relation }) => rangeName(relation))
  const relations = ranges.map((name) => context.catalog.relation(name))
  const names = { table: ranges.map(sqlName).join(', ') || 'every table' }
  const analyzed = relations.flatMap((each) => lockOn(each, 'SHARE UPDATE EXCLUSIVE'))
  if (!node.is_vacuumcmd) return [harmless('analyze', names, { locks: analyzed })]
  if (context.statement.transaction !== undefined)
    return [inTransaction('VACUUM', context, names.table)]
  if (!isSwitchedOn(node.options, 'full')) return [harmless('vacuum', names, { locks: analyzed })]
  if (relations.length > 0 && relations.every(isPrivate)) return [harmless('vacuum', names)]
  return [
    blocking(
      'vacuum-full',
      names,
      relations.flatMap((each) => lockOn(each, 'ACCESS EXCLUSIVE', 'rewrite')),
    ),
  ]
}

/** CLUSTER. */
export function clusterEffects(node: ClusterStmt, context: RuleContext): readonly Effect[] {
  if (!node.relation) {
    if (context.statement.transaction !== undefined) return [inTransaction('CLUSTER', context)]
    return [blocking('cluster', { table: 'every table' }, [])]
  }
  const relation = context.catalog.relation(rangeName(node.relation))
  const names = { table: sqlName(rangeName(node.relation)) }
  if (isPrivate(relation)) return [harmless('vacuum', names)]
  return [blocking('cluster', names, lockOn(relation, 'ACCESS EXCLUSIVE', 'rewrite'))]
}

/** LOCK TABLE. Outside of a transaction the server refuses it. */
export function lockEffects(node: LockStmt, context: RuleContext): readonly Effect[] {
  const ranges = nodesOf(node.relations, 'RangeVar')
  const mode = LOCK_MODES[(node.mode ?? LOCK_MODES.length) - 1] ?? 'ACCESS EXCLUSIVE'
  const names = { table: ranges.map((each) => sqlName(rangeName(each))).join(', '), mode }
  if (context.statement.transaction === undefined)
    return [refused('lock-outside-transaction', names)]
  const relations = ranges.map((each) => context.catalog.relation(rangeName(each)))
  const locks = relations.flatMap((each) => lockOn(each, mode))
  const harms = atLeast(mode, 'SHARE') && !relations.every(isPrivate)
  return [
    harms ? blocking('lock-table', names, locks) : harmless('lock-table-weak', names, { locks }),
  ]
}

/** TRUNCATE: the rows are gone for those who still read them. */
export function truncateEffects(node: TruncateStmt, { catalog }: RuleContext): readonly Effect[] {
  const ranges = nodesOf(node.relations, 'RangeVar').map(rangeName)
  const named = ranges.flatMap((name) => catalog.relation(name) ?? [])
  const names = { table: ranges.map(sqlName).join(', ') }
  if (named.length === ranges.length && named.every(isPrivate))
    return [harmless('write-new-table', { ...names, verb: 'TRUNCATE' })]
  const all = [
    ...new Set([
      ...named,
      ...(node.behavior === 'DROP_CASCADE' ? referringTo(named, catalog) : []),
    ]),
  ]
  const reached = all.flatMap((each) => [
    each,
    ...(each.kind === 'partitioned' ? partitionsOf(each, catalog.relations()) : []),
  ])
  const locks: LockWork[] = reached.flatMap((each) => lockOn(each, 'ACCESS EXCLUSIVE'))
  const narrows = reached.map((each) => ({ kind: 'relation' as const, object: fullName(each) }))
  return [
    breaking('truncate', names, {
      classes: ['compat', 'data'],
      locks,
      narrows,
      unobservable: true,
    }),
  ]
}

/** Tables with a foreign key to one of these, and so on. */
function referringTo(relations: readonly Relation[], catalog: Catalog): Relation[] {
  const found = new Set(relations)
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const each of catalog.relations()) if (refersToOne(each, found)) found.add(each)
  }
  return [...found]
}

function refersToOne({ constraints }: Relation, found: ReadonlySet<Relation>): boolean {
  const ids = new Set([...found].map(({ id }) => id))
  return [...constraints.values()].some(
    ({ references }) => references && ids.has(references.relation),
  )
}

/** COMMENT: on a table or a column it waits for other DDL alone. */
export function commentEffects(node: CommentStmt, { catalog }: RuleContext): readonly Effect[] {
  const parts = nodeOf(node.object, 'List')?.items ?? []
  const owner =
    node.objtype === 'OBJECT_COLUMN' ? { List: { items: parts.slice(0, -1) } } : node.object
  const onRelation = /TABLE|COLUMN|VIEW/.test(node.objtype ?? '')
  const relation = onRelation ? catalog.relation(nodeName(owner)) : undefined
  return [
    harmless(
      'comment',
      { object: sqlName(nodeName(node.object)) },
      { locks: lockOn(relation, 'SHARE UPDATE EXCLUSIVE') },
    ),
  ]
}

/** CREATE STATISTICS. */
export function createStatisticsEffects(
  node: CreateStatsStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const ranges = nodesOf(node.relations, 'RangeVar').map(rangeName)
  const locks = ranges.flatMap((name) => lockOn(catalog.relation(name), 'SHARE UPDATE EXCLUSIVE'))
  return [harmless('create-statistics', { table: ranges.map(sqlName).join(', ') }, { locks })]
}
