import type { CreateStmt, PartitionBoundSpec } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { keepsWaiting, serverRefuses, tableEffect, targetLocks } from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import type { Effect, LockWork } from './effect.ts'
import { lockOn, undecided } from './effects.ts'
import { inTransaction, partitionsOf } from './index-rules.ts'
import { fullName, rangeName, sqlName } from './object-names.ts'
import { provesOutside } from './outside-bound.ts'
import { provesBound } from './partition-bound.ts'
import { defaultPartition } from './relation-family.ts'
import type { RuleContext } from './rule-context.ts'
import { nodeOf } from './rule-context.ts'

/** ATTACH PARTITION. */
export const attachPartition: AlterRule = ({ def }, target) => {
  const { name, bound } = nodeOf(def, 'PartitionCmd') ?? {}
  const { relation, context } = target
  const partition = context.catalog.relation(rangeName(name))
  const names = { ...target.names, partition: sqlName(rangeName(name)) }
  if (!partition) return [serverRefuses(`table ${names.partition} does not exist`, names)]
  if (!bound || relation.assumed)
    return [
      undecided('attach-partition-unknown', ['lock'], names, {
        locks: lockOn(relation, 'SHARE UPDATE EXCLUSIVE'),
      }),
    ]
  const parent = lockOn(
    relation,
    context.version >= 12 ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
  )
  const beside = besides(relation, bound, context)
  const locks = [...parent, ...attached(partition, bound, target), ...beside]
  return [tableEffect(ruleOf(locks, partition), names, locks)]
}

function ruleOf(locks: readonly LockWork[], partition: Relation): string {
  if (!locks.some(keepsWaiting)) return 'attach-partition'
  const worked = locks.find(keepsWaiting)
  if (worked?.relation !== fullName(partition)) return 'attach-partition-scans-default'
  return worked.work === 'index-build' ? 'attach-partition-indexes' : 'attach-partition-scan'
}

/** What the server does with the rows of the new partition, and of those below it. */
function attached(
  partition: Relation,
  bound: PartitionBoundSpec,
  { relation, context }: AlterTarget,
): LockWork[] {
  const proved = provesBound(partition, bound, relation.partitionKey)
  const rows = lacksIndexes(relation, partition) ? 'index-build' : proved ? 'none' : 'scan'
  const below =
    partition.kind === 'partitioned' ? partitionsOf(partition, context.catalog.relations()) : []
  return [partition, ...below].flatMap((each) =>
    lockOn(each, 'ACCESS EXCLUSIVE', each.kind === 'partitioned' ? 'none' : rows),
  )
}

/** Indexes of the parent that the partition does not have are built on it then and there. */
function lacksIndexes(parent: Relation, partition: Relation): boolean {
  const own = [...partition.indexes.values()]
  return [...parent.indexes.values()].some(
    ({ columns, unique }) =>
      !own.some(
        (each) => (each.unique || !unique) && each.columns.join('\0') === columns.join('\0'),
      ),
  )
}

/** The default partition, which may hold rows that belong to the new one. */
function besides(
  parent: Relation,
  bound: PartitionBoundSpec | undefined,
  { catalog }: RuleContext,
): LockWork[] {
  const other = defaultPartition(catalog, parent.id)
  const proved = other && bound && provesOutside(other, bound, parent.partitionKey)
  return lockOn(other, 'ACCESS EXCLUSIVE', proved ? 'none' : 'scan')
}

/** CREATE TABLE ... PARTITION OF. */
export function createPartition(
  { relation, inhRelations, partbound }: CreateStmt,
  context: RuleContext,
): Effect[] {
  const range = nodeOf(inhRelations?.[0], 'RangeVar')
  const parent = context.catalog.relation(rangeName(range))
  const names = { table: sqlName(rangeName(range)), partition: sqlName(rangeName(relation)) }
  if (!parent) return [serverRefuses(`table ${names.table} does not exist`, names)]
  const own = lockOn(parent, 'ACCESS EXCLUSIVE')
  if (parent.assumed && !partbound?.is_default)
    return [undecided('create-partition-unknown', ['lock'], names, { locks: own })]
  const locks = [...own, ...(partbound?.is_default ? [] : besides(parent, partbound, context))]
  return [
    tableEffect(
      locks.some(keepsWaiting) ? 'create-partition-scans-default' : 'create-partition',
      names,
      locks,
    ),
  ]
}

/** DETACH PARTITION: its rows are gone for everyone who reads the parent. */
export const detachPartition: AlterRule = ({ def }, target) => {
  const { name, concurrent } = nodeOf(def, 'PartitionCmd') ?? {}
  const { relation, context } = target
  const partition = context.catalog.relation(rangeName(name))
  const names = { ...target.names, partition: sqlName(rangeName(name)) }
  if (!partition) return [serverRefuses(`table ${names.partition} does not exist`, names)]
  if (partition.isNew)
    return [
      tableEffect(
        'drop-new-object',
        { ...names, object: names.partition },
        lockOn(relation, 'ACCESS EXCLUSIVE'),
      ),
    ]
  const narrows = [{ kind: 'relation', object: fullName(relation) }] as const
  if (concurrent) return detachConcurrently(partition, target, names)
  const locks = [relation, partition, defaultPartition(context.catalog, relation.id)].flatMap(
    (each) => lockOn(each, 'ACCESS EXCLUSIVE'),
  )
  return [
    tableEffect('detach-partition-blocking', names, locks, {
      classes: ['lock'],
      phase: 'contract',
      narrows,
      unobservable: true,
    }),
  ]
}

function detachConcurrently(
  partition: Relation,
  { relation, context }: AlterTarget,
  names: Effect['names'],
): Effect[] {
  if (context.version < 14)
    return [serverRefuses('DETACH PARTITION CONCURRENTLY exists from PostgreSQL 14', names)]
  if (context.statement.transaction !== undefined)
    return [inTransaction('DETACH PARTITION CONCURRENTLY', context, sqlName(partition))]
  if (defaultPartition(context.catalog, relation.id))
    return [
      serverRefuses('DETACH CONCURRENTLY is refused while there is a default partition', names),
    ]
  const locks = [
    ...lockOn(relation, 'SHARE UPDATE EXCLUSIVE'),
    ...lockOn(partition, 'ACCESS EXCLUSIVE'),
  ]
  const narrows = [{ kind: 'relation', object: fullName(relation) }] as const
  return [
    tableEffect('detach-partition', names, locks, {
      phase: 'contract',
      narrows,
      unobservable: true,
    }),
  ]
}

/** DETACH PARTITION ... FINALIZE: what is left of a detach that was cut short. */
export const finalizeDetach: AlterRule = ({ def }, target) => {
  const names = {
    ...target.names,
    partition: sqlName(rangeName(nodeOf(def, 'PartitionCmd')?.name)),
  }
  return [
    tableEffect(
      'detach-partition',
      names,
      targetLocks({ ...target, below: [] }, 'SHARE UPDATE EXCLUSIVE'),
      { phase: 'contract' },
    ),
  ]
}
