import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { checkOptions, portSchema } from './check-options.ts'
import type { Clock } from './clock.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import { checkAppend, decodeLine, encodeLine } from './journal-line.ts'
import { grantLease, releasedLease } from './lease-grant.ts'
import { expendable } from './retention.ts'
import { selectRollouts, summarize } from './rollout-summary.ts'
import type { RolloutSummary, Store } from './store.ts'
import { systemClock } from './system-clock.ts'

export interface MemoryStoreOptions {
  /** Decides when leases lapse. @default systemClock() */
  readonly clock?: Clock
  /** Finished rollouts kept of each service; see `fileStore`. @default 200 */
  readonly retain?: number
}

const RETAINED = 200
const OPTIONS = z.strictObject({
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  retain: z.int().min(1).optional(),
})

/**
 * A store in memory: for tests, simulations, and to read what a store does. Entries go through JSON as in every
 * durable store. It outlives `close()`, so that a restarted engine finds what the one before it wrote; it does not
 * outlive the process.
 *
 * @example
 * ```ts
 * const engine = createEngine({ store: memoryStore(), router, fleet })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store & AsyncDisposable {
  const { clock = systemClock(), retain = RETAINED } = checkOptions(OPTIONS, options, 'memoryStore')
  const journals = new Map<string, Entry[]>()
  const leases = new Map<string, Lease>()
  const all = (): RolloutSummary[] => [...journals.values()].flatMap(summaryOf)
  const forget = (finished: readonly Entry[]): void => {
    const service = summaryOf(finished)[0]?.service
    if (service === undefined) return
    for (const id of expendable(selectRollouts(all(), { service }), retain)) journals.delete(id)
  }
  /** Whoever was granted the service since is told by its lease before it has written anything. */
  const checkLease = (created: Entry | undefined, [first]: readonly Entry[]): void => {
    if (created?.type !== 'created' || !first) return
    const { service } = created.plan
    const { fence = 0 } = leases.get(service) ?? {}
    if (first.fence < fence)
      throw refuse('CHANGEOVER_FENCE_STALE', {
        fence: first.fence,
        service,
        current: `fence ${fence}`,
      })
  }
  return {
    name: 'memory',
    async append(rolloutId, expectedSeq, entries) {
      const journal = journals.get(rolloutId) ?? []
      checkAppend(rolloutId, expectedSeq, journal.at(-1), entries)
      checkLease(journal[0] ?? entries[0], entries)
      journal.push(...entries.map(copy))
      journals.set(rolloutId, journal)
      if (entries.at(-1)?.type === 'finished') forget(journal)
    },
    async *read(rolloutId) {
      yield* journals.get(rolloutId)?.slice() ?? []
    },
    async rollouts(filter = {}) {
      return selectRollouts(all(), filter)
    },
    async lease(service, holder, ttlMs) {
      const lease = grantLease(leases.get(service), { service, holder, ttlMs }, clock.now())
      leases.set(service, lease)
      return lease
    },
    async release(lease) {
      const released = releasedLease(leases.get(lease.service), lease)
      if (released !== undefined) leases.set(lease.service, released)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const closed = Promise.resolve()

function close(): Promise<void> {
  return closed
}

function copy(entry: Entry): Entry {
  return decodeLine(encodeLine(entry)) ?? entry
}

function summaryOf(journal: readonly Entry[]): RolloutSummary[] {
  const [first] = journal
  const last = journal.at(-1)
  const summary = first && last && summarize(first, last)
  return summary === undefined ? [] : [summary]
}
