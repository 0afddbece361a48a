import type { LockMode, LockWork, TableWork } from '../rules/effect.ts'
import { atLeast, strongerMode } from '../rules/lock-mode.ts'
import type { HeldLock, RelationState, RelationStates } from './relation-state.ts'

/** What there is to know about a statement that has run. */
export interface StatementTraces {
  /** Relations before the plan, as they were when it began. */
  readonly known: RelationStates
  readonly before: RelationStates
  readonly after: RelationStates
  /** Locks of the transaction after the statement. */
  readonly held: readonly HeldLock[]
  /** TRUNCATE makes new storage without any work. */
  readonly truncates: boolean
}

const WORKS: readonly TableWork[] = ['none', 'scan', 'update', 'index-build', 'rewrite']

function worse(one: TableWork, other: TableWork): TableWork {
  return WORKS.indexOf(one) >= WORKS.indexOf(other) ? one : other
}

/**
 * The locks that were held on relations that were there before the plan, each with the work that the statement did under it. A
 * lock lasts until the transaction ends, so whatever a statement works on, it works under all of them. Pure.
 */
export function lockWork(traces: StatementTraces): LockWork[] {
  const { known, held } = traces
  const works = new Map([...known.values()].map(({ oid }) => [oid, workOn(oid, traces)]))
  const heaviest = [...works.values()].reduce(worse, 'none')
  return [...strongest(traces, held)].flatMap(([oid, mode]) => {
    const own = works.get(oid) ?? 'none'
    const strong = atLeast(mode, 'SHARE UPDATE EXCLUSIVE')
    if (!strong && own !== 'update') return []
    const state = traces.before.get(oid) ?? known.get(oid)
    const lock = { relation: state?.name ?? oid, mode, work: own === 'none' ? heaviest : own }
    return [state?.kind === 'm' ? { ...lock, readersOnly: true } : lock]
  })
}

/** The strongest lock on each known relation other than an index; what happens to an index happens to its table. */
function strongest({ known }: StatementTraces, held: readonly HeldLock[]): Map<string, LockMode> {
  const modes = new Map<string, LockMode>()
  for (const { oid, mode } of held) {
    const relation = known.get(oid)
    if (!relation || relation.on !== undefined) continue
    modes.set(oid, strongerMode(mode, modes.get(oid) ?? 'ACCESS SHARE'))
  }
  return modes
}

function workOn(oid: string, traces: StatementTraces): TableWork {
  const before = traces.before.get(oid)
  const after = traces.after.get(oid)
  if (!before || !after || before.on !== undefined) return 'none'
  // Emptied: TRUNCATE in a function, REFRESH ... WITH NO DATA.
  const emptied = traces.truncates || (before.bytes > 0 && after.bytes === 0)
  if (!emptied && isRewritten(before, after)) return 'rewrite'
  if (!emptied && hasNewIndexStorage(oid, traces)) return 'index-build'
  const rows = Math.max(traces.known.get(oid)?.rows ?? 0, after.rows)
  if (isMost(grown(before.changed, after.changed), rows, 2)) return 'update'
  return isScanned(before, after, rows, traces) ? 'scan' : 'none'
}

function isRewritten(before: RelationState, after: RelationState): boolean {
  return ['r', 'm'].includes(before.kind) && before.file !== after.file
}

function hasNewIndexStorage(oid: string, { before, after }: StatementTraces): boolean {
  const files = new Set([...before.values()].map(({ file }) => file))
  return [...after.values()].some(
    ({ on, file }) => on === oid && file !== undefined && !files.has(file),
  )
}

/** Reading a row or two through an index is no scan. A table that could not be filled tells only by the scan itself. */
function isScanned(
  before: RelationState,
  after: RelationState,
  rows: number,
  { before: all, after: now }: StatementTraces,
): boolean {
  if (rows === 0) return grown(before.scans, after.scans) > 0
  const own = grown(before.read, after.read)
  const entries = [...now.values()].map(({ on, oid, read }) => {
    return on === after.oid ? grown(all.get(oid)?.read ?? 0, read) : 0
  })
  return isMost(Math.max(own, ...entries), rows, 1)
}

/** Counts begin anew where the table is emptied. */
function grown(before: number, after: number): number {
  return after >= before ? after - before : after
}

function isMost(count: number, rows: number, least: number): boolean {
  return count >= least && count * 2 >= rows
}
