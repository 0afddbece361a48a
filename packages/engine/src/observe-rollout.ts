import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { Meter } from './engine-metrics.ts'
import { publishEntry } from './entry-channel.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import { measureEnd, measureEntry, measureStart } from './measurements.ts'
import type { Notifier } from './notifier.ts'
import type { RolloutEnd } from './rollout.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Store } from './store.ts'

/** Whom an engine tells of its rollouts. */
export interface Audience {
  readonly notifiers: readonly Notifier[]
  readonly logger: Logger
  /** Undefined without a registry. */
  readonly meter: Meter | undefined
}

/** Tells logs, notifiers, metrics and the diagnostics channel of one rollout. Nothing here can stop it. */
export interface RolloutObserver {
  /** Tells of an entry that is durable, and not folded into the state yet. */
  readonly entry: (entry: Entry) => void
  /** Tells that this engine no longer leads, and hands the end on. */
  readonly end: (end: RolloutEnd) => RolloutEnd
}

/**
 * Begins to tell of a rollout that is led under `lease`. `state` stays the leader's, and is only read. The first entry
 * becomes durable before anybody leads; it is told of here.
 */
export function observeRollout(
  { notifiers, meter }: Audience,
  { state, lease, log }: { state: RolloutState; lease: Lease; log: Logger },
): RolloutObserver {
  const { service } = state.plan
  const tell = (entry: Entry): void => {
    log.info({ seq: entry.seq, type: entry.type }, 'journaled')
    publishEntry(entry)
    for (const notifier of notifiers) void notify(notifier, entry, { service, log })
  }
  meter?.(measureStart(state, lease))
  if (state.lastEntry.type === 'created') tell(state.lastEntry)
  return {
    entry(entry) {
      meter?.(measureEntry(state, entry))
      tell(entry)
    },
    end(end) {
      meter?.(measureEnd(service, end))
      return end
    },
  }
}

/** A logger that names what the rollout is about. */
export function rolloutLogger(logger: Logger, { id, plan }: RolloutState): Logger {
  return logger.child({ service: plan.service, rollout: id, release: plan.to.id })
}

/** The store's `append`, measured. */
export function meteredAppend(
  store: Store,
  meter: Meter | undefined,
  clock: Clock,
): Pick<Store, 'append'> {
  if (!meter) return store
  return {
    async append(...call) {
      const began = clock.now()
      await store.append(...call)
      const value = Math.max(0, clock.now() - began) / 1_000
      meter([{ metric: 'journal_append_duration_seconds', labels: {}, value }])
    },
  }
}

async function notify(
  notifier: Notifier,
  entry: Entry,
  { service, log }: { service: string; log: Logger },
): Promise<void> {
  try {
    await notifier.notify(entry, { service })
  } catch (error) {
    log.warn({ err: error }, 'a notifier failed')
  }
}
