import type { DropStmt, IndexStmt, ReindexStmt } from 'libpg-query'
import type { Index, Relation } from '../catalog/catalog.ts'
import type { Effect, LockWork, Need } from './effect.ts'
import { blocking, breaking, harmless, isPrivate, lockOn, refused } from './effects.ts'
import { fullName, listName, nodeName, quoted, rangeName, sqlName } from './object-names.ts'
import { findAll, isSwitchedOn, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import { valueNeeds } from './write-needs.ts'

/** CREATE INDEX. */
export function createIndexEffects(node: IndexStmt, context: RuleContext): readonly Effect[] {
  const relation = context.catalog.relation(rangeName(node.relation))
  const names = createNames(node)
  if (node.if_not_exists && isThere(node, relation)) {
    const locks = lockOn(relation, node.concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE')
    return [harmless('already-exists', { object: names['index'] ?? '' }, { locks })]
  }
  if (node.concurrent) return concurrently(node, relation, names, context)
  if (isPrivate(relation)) return [harmless('create-index-new-table', names)]
  if (relation?.kind === 'materialized-view')
    return [
      harmless('create-index-matview', names, { locks: lockOn(relation, 'SHARE', 'index-build') }),
    ]
  if (relation?.kind === 'partitioned') return partitionedIndex(node, relation, names, context)
  return [
    blocking(
      'create-index-blocking',
      names,
      lockOn(relation, 'SHARE', 'index-build'),
      uniqueness(node, relation),
    ),
  ]
}

function concurrently(
  node: IndexStmt,
  relation: Relation | undefined,
  names: Effect['names'],
  context: RuleContext,
): Effect[] {
  if (context.statement.transaction !== undefined)
    return [inTransaction('CREATE INDEX CONCURRENTLY', context, names['index'])]
  if (relation?.kind === 'partitioned')
    return [refused('create-index-concurrently-partitioned', names)]
  if (isPrivate(relation)) return [harmless('create-index-new-table', names)]
  const locks = lockOn(relation, 'SHARE UPDATE EXCLUSIVE', 'index-build')
  const rule = node.unique ? 'create-unique-index-concurrently' : 'create-index-concurrently'
  const effect = harmless(rule, names, { locks, ...uniqueness(node, relation) })
  return node.if_not_exists ? [effect, harmless('create-index-if-not-exists', names)] : [effect]
}

function partitionedIndex(
  node: IndexStmt,
  relation: Relation,
  names: Effect['names'],
  { catalog }: RuleContext,
): Effect[] {
  const parent = lockOn(relation, 'SHARE')
  if (!node.relation?.inh) return [harmless('create-index-only-parent', names, { locks: parent })]
  const partitions = partitionsOf(relation, catalog.relations())
  const locks = partitions.flatMap((each) => lockOn(each, 'SHARE', 'index-build'))
  if (locks.length === 0 && !relation.assumed && catalog.complete)
    return [harmless('create-index-only-parent', names, { locks: parent })]
  return [
    blocking('create-index-partitioned', names, [...parent, ...locks], uniqueness(node, relation)),
  ]
}

/** All partitions below a relation, those that are partitioned themselves included. */
export function partitionsOf(relation: Relation, all: Iterable<Relation>): Relation[] {
  const every = [...all]
  const below = (id: number): Relation[] =>
    every.filter(({ parent }) => parent === id).flatMap((each) => [each, ...below(each.id)])
  return below(relation.id)
}

/** A unique index refuses rows that were fine until then: it narrows what is written. */
function uniqueness(node: IndexStmt, relation: Relation | undefined): Partial<Effect> {
  if (!node.unique || !relation) return {}
  const inside = findAll(node.indexParams, 'ColumnRef').map(({ fields }) => listName(fields).name)
  return { phase: 'tighten', narrows: valueNeeds(relation, [...indexColumns(node), ...inside]) }
}

function indexColumns(node: IndexStmt): string[] {
  return nodesOf(node.indexParams, 'IndexElem').flatMap(({ name }) => name ?? [])
}

function isThere({ idxname }: IndexStmt, relation: Relation | undefined): boolean {
  return idxname !== undefined && (relation?.indexes.has(idxname) ?? false)
}

function createNames(node: IndexStmt): Effect['names'] {
  const table = rangeName(node.relation)
  const columns = indexColumns(node)
  const index = node.idxname ?? [table.name, ...columns, 'idx'].join('_')
  const unique = node.unique ? 'UNIQUE ' : ''
  return {
    table: sqlName(table),
    index: quoted(index),
    columns: columns.map(quoted).join(', ') || '...',
    unique,
  }
}

/** DROP INDEX. */
export function dropIndexEffects(node: DropStmt, context: RuleContext): readonly Effect[] {
  const names = (node.objects ?? []).map(nodeName)
  const refusal = node.concurrent ? concurrentDropRefusal(node, context) : undefined
  if (refusal) return [refusal]
  return names.flatMap((name) => {
    const index = context.catalog.index(name)
    const texts = { index: sqlName(name) }
    if (index) return dropOne(node, index, texts, context)
    if (context.catalog.complete && node.missing_ok)
      return [harmless('drop-missing', { object: texts.index })]
    return dropUnknownIndex(node, texts)
  })
}

function concurrentDropRefusal(node: DropStmt, context: RuleContext): Effect | undefined {
  const index = (node.objects ?? []).map((each) => sqlName(nodeName(each))).join(', ')
  if (context.statement.transaction !== undefined)
    return inTransaction('DROP INDEX CONCURRENTLY', context, index)
  const odd = (node.objects ?? []).length > 1 || node.behavior === 'DROP_CASCADE'
  return odd ? refused('drop-index-concurrently-refused', { index }) : undefined
}

function dropOne(
  node: DropStmt,
  index: Index,
  texts: { index: string },
  { catalog }: RuleContext,
): Effect[] {
  const relation = catalog.relationById(index.on)
  if (index.isNew || isPrivate(relation))
    return [
      harmless(
        'drop-new-object',
        { object: texts.index },
        { locks: dropLocks(node, relation, catalog.relations()) },
      ),
    ]
  const names = {
    ...texts,
    table: relation ? sqlName(relation) : '',
    columns: index.columns.map(quoted).join(', '),
  }
  if (index.constraint !== undefined)
    return [refused('drop-index-of-constraint', { ...names, constraint: quoted(index.constraint) })]
  if (node.concurrent && relation?.kind === 'partitioned')
    return [refused('drop-index-concurrently-refused', names)]
  const lost = lostUniqueness(index, relation)
  const broken = lost.length > 0 ? [breaking('drop-unique-index', names, { removes: lost })] : []
  const locks = dropLocks(node, relation, catalog.relations())
  return node.concurrent
    ? [...broken, harmless('drop-index-concurrently', names, { locks })]
    : [blocking('drop-index-blocking', names, locks), ...broken]
}

function dropLocks(
  node: DropStmt,
  relation: Relation | undefined,
  all: Iterable<Relation>,
): LockWork[] {
  if (!relation) return []
  const mode = node.concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  const partitions = relation.kind === 'partitioned' ? partitionsOf(relation, all) : []
  return [relation, ...partitions].flatMap((each) => lockOn(each, mode))
}

/** What an upsert loses: `ON CONFLICT (columns)` needs some unique index on exactly these. */
function lostUniqueness(index: Index, relation: Relation | undefined): Need[] {
  if (!index.unique || !relation || relation.kind === 'materialized-view') return []
  const object = fullName(relation)
  if (index.partial) return [{ kind: 'unique', object }]
  const others = [...relation.indexes.values()].filter((each) => each.name !== index.name)
  const kept = others.some((each) => each.unique && !each.partial && sameColumns(each, index))
  return kept ? [] : [{ kind: 'unique', object, member: index.columns.join(',') }]
}

function sameColumns(one: Index, other: Index): boolean {
  return (
    one.columns.length === other.columns.length &&
    one.columns.every((each) => other.columns.includes(each))
  )
}

function dropUnknownIndex(node: DropStmt, texts: { index: string }): Effect[] {
  const names = { ...texts, table: 'its table', columns: '...' }
  return node.concurrent
    ? [harmless('drop-index-concurrently', names)]
    : [blocking('drop-index-blocking', names, [])]
}

/** REINDEX. */
export function reindexEffects(node: ReindexStmt, context: RuleContext): readonly Effect[] {
  const concurrent = isSwitchedOn(node.params, 'concurrently')
  const names = { object: node.name ?? sqlName(rangeName(node.relation)), kind: reindexKind(node) }
  const whole = node.relation === undefined
  const inside = context.statement.transaction !== undefined
  if (inside && (concurrent || whole))
    return [inTransaction(`REINDEX ${names.kind}`, context, names.object)]
  if (concurrent && context.version < 12)
    return [refused('server-refuses', { problem: 'REINDEX CONCURRENTLY exists from 12' })]
  if (concurrent && node.kind === 'REINDEX_OBJECT_SYSTEM')
    return [refused('reindex-concurrently-refused', names)]
  const table = reindexed(node, context)
  if (isPrivate(table))
    return [harmless('create-index-new-table', { index: names.object, table: names.object })]
  if (inside && table?.kind === 'partitioned')
    return [inTransaction('REINDEX of a partitioned table', context, names.object)]
  const parts =
    table?.kind === 'partitioned' ? partitionsOf(table, context.catalog.relations()) : [table]
  const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'
  const locks = parts.flatMap((each) => lockOn(each, mode, 'index-build'))
  return [
    concurrent
      ? harmless('reindex-concurrently', names, { locks })
      : blocking('reindex-blocking', names, locks),
  ]
}

function reindexed(node: ReindexStmt, { catalog }: RuleContext): Relation | undefined {
  if (!node.relation) return undefined
  const name = rangeName(node.relation)
  if (node.kind === 'REINDEX_OBJECT_TABLE') return catalog.relation(name)
  const index = catalog.index(name)
  return index ? catalog.relationById(index.on) : undefined
}

function reindexKind({ kind = 'REINDEX_OBJECT_TABLE' }: ReindexStmt): string {
  return kind.slice('REINDEX_OBJECT_'.length)
}

/** A command that the server refuses inside of a transaction (25001). */
export function inTransaction(command: string, { statement }: RuleContext, object = ''): Effect {
  return refused('not-in-transaction', { command, object, statement: statement.sql.trim() })
}
