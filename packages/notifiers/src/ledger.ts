import type { RolloutSummary } from '@changeover/engine'
import { z } from 'zod'

/** Where the telling of one rollout stands. */
interface Cursor {
  /** Number of the entry that is to be told next. */
  readonly next: number
  /** Since when that entry fails, in milliseconds since the epoch. */
  readonly failingSince?: number | undefined
}

/** What a notifier was told, as it is written down. */
export interface LedgerRecord {
  readonly v: 1
  /** Rollouts that began at or before this, and are not among `open`, need not be told. Milliseconds since the epoch. */
  readonly floor: number
  readonly open: Readonly<Record<string, Cursor>>
  /** Rollouts told to their end that began after `floor`, with when they did. */
  readonly told: Readonly<Record<string, number>>
}

/** Schema of the file that holds it. */
export const ledgerRecord: z.ZodType<LedgerRecord> = z.strictObject({
  v: z.literal(1),
  floor: z.number(),
  open: z.record(
    z.string(),
    z.strictObject({ next: z.int().min(0), failingSince: z.number().optional() }),
  ),
  told: z.record(z.string(), z.number()),
})

/** What one notifier was told, and what not. */
export interface Ledger {
  /** Whether nothing of a rollout that began at `startedAt` is left to be told. */
  isTold(rollout: string, startedAt: number): boolean
  /** Number of the entry that is to be told next. */
  next(rollout: string): number
  /** Entries below `next` were told, or given up. */
  advance(rollout: string, next: number): void
  /** The next entry failed at `now`; answers with when it first did. */
  fail(rollout: string, now: number): number
  /** Forgets a rollout whose journal is gone; answers whether something of it was left to be told. */
  drop(rollout: string): boolean
  /** Rollouts of which something is left to be told, as far as known. */
  openRollouts(): readonly string[]
  /** All of it was told. */
  finish(rollout: string, startedAt: number): void
  record(): LedgerRecord
}

/** So many ends are remembered one by one, since the clocks of those who write journals need not agree. */
const TOLD_KEPT = 500

/** Reads a ledger back. */
export function openLedger(record: LedgerRecord, toldKept: number = TOLD_KEPT): Ledger {
  let { floor } = record
  const open = new Map(Object.entries(record.open))
  const told = new Map(Object.entries(record.told))
  const compact = (): void => {
    if (told.size <= toldKept) return
    const byAge = [...told].sort(([, a], [, b]) => a - b)
    for (const [rollout, startedAt] of byAge.slice(0, told.size - toldKept)) {
      told.delete(rollout)
      floor = Math.max(floor, startedAt)
    }
  }
  compact()
  return {
    isTold: (rollout, startedAt) => told.has(rollout) || (!open.has(rollout) && startedAt <= floor),
    next: (rollout) => open.get(rollout)?.next ?? 0,
    advance: (rollout, next) => void open.set(rollout, { next }),
    fail(rollout, now) {
      const { next, failingSince = now } = open.get(rollout) ?? { next: 0 }
      open.set(rollout, { next, failingSince })
      return failingSince
    },
    finish(rollout, startedAt) {
      open.delete(rollout)
      if (startedAt > floor) told.set(rollout, startedAt)
      compact()
    },
    drop: (rollout) => open.delete(rollout),
    openRollouts: () => [...open.keys()],
    record: () => ({ v: 1, floor, open: Object.fromEntries(open), told: Object.fromEntries(told) }),
  }
}

/** The ledger of a notifier that is new: what has ended is not told, what is under way is told from its beginning. Pure. */
export function newLedger(history: readonly RolloutSummary[]): LedgerRecord {
  const [ended, open] = [true, false].map((end) =>
    history.filter(({ outcome }) => (outcome !== undefined) === end),
  )
  return {
    v: 1,
    floor: -1,
    open: Object.fromEntries((open ?? []).map(({ id }) => [id, { next: 0 }])),
    told: Object.fromEntries((ended ?? []).map(({ id, startedAt }) => [id, startedAt])),
  }
}
