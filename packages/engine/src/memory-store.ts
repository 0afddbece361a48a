import { z } from 'zod'
import { checkOptions, portSchema } from './check-options.ts'
import type { Clock } from './clock.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import { checkAppend, decodeLine, encodeLine } from './journal-line.ts'
import { checkLeaseFence, grantLease, releasedLease } from './lease-grant.ts'
import { expendable } from './retention.ts'
import { selectRollouts, serviceOfJournal, summarize } from './rollout-summary.ts'
import { memoryChannel } from './memory-channel.ts'
import type { RolloutFilter, RolloutSummary, Store } from './store.ts'
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
  /** The same journals by service: what is asked of one service takes no longer where there are a thousand. */
  const services = new Map<string, Map<string, Entry[]>>()
  const leases = new Map<string, Lease>()
  const { appended, ...channel } = memoryChannel(clock)

  const list = (filter: RolloutFilter): readonly RolloutSummary[] => {
    const { service } = filter
    const some = service === undefined ? journals : services.get(service)
    return selectRollouts([...(some?.values() ?? [])].flatMap(summaryOf), filter)
  }
  const enlist = (id: string, journal: Entry[]): void => {
    const service = serviceOfJournal(journal[0])
    journals.set(id, journal)
    if (service === undefined) return
    services.set(service, (services.get(service) ?? new Map()).set(id, journal))
  }
  const forget = (service: string): void => {
    for (const id of expendable(list({ service }), retain)) {
      journals.delete(id)
      services.get(service)?.delete(id)
    }
  }
  return {
    name: 'memory',
    async append(rolloutId, expectedSeq, entries) {
      const journal = journals.get(rolloutId) ?? []
      checkAppend(rolloutId, expectedSeq, journal.at(-1), entries)
      const service = serviceOfJournal(journal[0] ?? entries[0])
      if (service !== undefined) checkLeaseFence(leases.get(service), entries)
      journal.push(...entries.map(copy))
      if (expectedSeq === 0 && entries.length > 0) enlist(rolloutId, journal)
      if (service !== undefined && entries.at(-1)?.type === 'finished') forget(service)
      appended(service, entries)
    },
    async *read(rolloutId, { after } = {}) {
      yield* journals.get(rolloutId)?.slice((after?.seq ?? -1) + 1) ?? []
    },
    async rollouts(filter = {}) {
      return list(filter)
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
    ...channel,
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
