import type { Logger } from 'pino'
import { ChangeoverError, refuse } from './changeover-error.ts'
import { type EntryFeed, entryFeed } from './event-stream.ts'
import { execute } from './executor.ts'
import type { Lease } from './fence.ts'
import type { Entry, EntryBody } from './journal.ts'
import { journalWriter } from './journal-writer.ts'
import { keepLease } from './lease-keeper.ts'
import type { Notifier } from './notifier.ts'
import { createPulse } from './pulse.ts'
import type { RolloutEnd } from './rollout.ts'
import { foldEntry, type RolloutState } from './rollout-state.ts'
import type { Ports, Run } from './run.ts'
import type { Store } from './store.ts'

/** What it takes to lead rollouts. */
export interface Leadership {
  readonly ports: Ports
  readonly store: Store
  readonly notifiers: readonly Notifier[]
  readonly logger: Logger
  readonly leaseTtlMs: number
}

/** A rollout that this engine leads. */
export interface Led {
  readonly state: RolloutState
  readonly feed: EntryFeed
  readonly finished: Promise<RolloutEnd>
  record(body: EntryBody): Promise<void>
  /** Lets go of it without ending it. */
  interrupt(reason: unknown): void
}

/**
 * Leads a rollout under `lease` until it ends or the lease is lost. `state` is the fold of its journal so far, and
 * belongs to the leader from now on.
 */
export function lead(leadership: Leadership, state: RolloutState, lease: Lease): Led {
  const { ports, store } = leadership
  const log = leadership.logger.child({ service: lease.service, rollout: state.id })
  const feed = entryFeed()
  const pulse = createPulse()
  const interruption = new AbortController()
  const abortion = new AbortController()

  function onEntry(entry: Entry): void {
    foldEntry(state, entry)
    log.info({ seq: entry.seq, type: entry.type }, 'journaled')
    feed.publish(entry)
    for (const notifier of leadership.notifiers) tell(notifier, entry, log)
    if (entry.type === 'commanded') giveUpIfAborted()
    pulse.beat()
  }

  function giveUpIfAborted(): void {
    if (state.abort && !abortion.signal.aborted) abortion.abort(abortError(state.abort))
  }

  const writer = journalWriter({
    store,
    clock: ports.clock,
    rollout: state.id,
    fence: lease.fence,
    last: state.lastEntry,
    onEntry,
    onFailure: (error) => interruption.abort(error),
  })
  giveUpIfAborted()
  const run: Omit<Run, 'signal'> = {
    ports,
    fence: lease.fence,
    state,
    pulse,
    inForce: undefined,
    sent: undefined,
    revision: state.intended?.revision ?? 0,
    record: (...bodies) => writer.record(bodies),
  }
  const finished = conduct({ leadership, lease, log, run, interruption, aborted: abortion.signal })
  return {
    state,
    feed,
    record: (body) => writer.record([body]),
    finished: finished.finally(() => feed.end()),
    interrupt: (reason) => interruption.abort(reason),
  }
}

interface Conduct {
  readonly leadership: Leadership
  readonly lease: Lease
  readonly log: Logger
  readonly run: Omit<Run, 'signal'>
  readonly interruption: AbortController
  readonly aborted: AbortSignal
}

async function conduct(parts: Conduct): Promise<RolloutEnd> {
  const { leadership, lease, log, run, interruption, aborted } = parts
  const { store, ports, leaseTtlMs: ttlMs } = leadership
  const over = new AbortController()
  const unwatch = watchFleet(run)
  const kept = keepLease({ store, clock: ports.clock, ttlMs }, lease, {
    signal: over.signal,
    onLost: (error) => interruption.abort(error),
  })
  try {
    await run.record({ type: 'led', holder: lease.holder })
    // Each direction observes the outside for itself, so a copy is all that it needs.
    const runWith = (signal: AbortSignal): Run => ({ ...run, signal })
    await execute({ runWith, interrupted: interruption.signal, aborted })
    return endOf(run.state)
  } catch (error) {
    log.warn({ err: error }, 'let go of the rollout')
    return { rollout: run.state.id, outcome: 'interrupted', ...explain(error) }
  } finally {
    unwatch()
    over.abort()
    await kept
    await store
      .release(lease)
      .catch((error: unknown) => log.warn({ err: error }, 'lease not given back'))
  }
}

function tell(notifier: Notifier, entry: Entry, log: Logger): void {
  notifier.notify(entry).catch((error: unknown) => log.warn({ err: error }, 'a notifier failed'))
}

/** An instance that ends by itself leaves the state at once, and with the next table the routes. */
function watchFleet({ ports, state, record }: Omit<Run, 'signal'>): () => void {
  const unwatch = ports.fleet.watch?.(state.plan.service, (exit) => {
    const known = state.instances.get(exit.instance)
    if (!known || known.phase === 'launching' || known.phase === 'stopping') return
    const how = exit.signal ? `signal ${exit.signal}` : `exit code ${exit.exitCode ?? 'unknown'}`
    const reason = `it ended with ${how}; last output: ${exit.output || '(none)'}`
    // A failed append interrupts the run by itself.
    record({ type: 'lost', id: exit.instance, reason }).catch(() => undefined)
  })
  return unwatch ?? (() => undefined)
}

function abortError({ by, reason }: { by: string; reason: string }): ChangeoverError {
  return refuse('CHANGEOVER_ABORTED', { actor: by, problem: reason || 'no reason given' })
}

/** The end that a finished journal tells. */
export function endOf({ id, outcome, failure }: RolloutState): RolloutEnd {
  return { rollout: id, outcome: outcome ?? 'interrupted', ...failure }
}

function explain(error: unknown): { code?: string; reason: string } {
  if (error instanceof ChangeoverError) return { code: error.code, reason: error.message }
  return { reason: error instanceof Error ? error.message : String(error) }
}
