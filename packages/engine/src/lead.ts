import type { Logger } from 'pino'
import { ChangeoverError, refuse } from './changeover-error.ts'
import type { Command } from './command.ts'
import { type EntryFeed, entryFeed } from './event-stream.ts'
import { execute } from './executor.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import { journalWriter } from './journal-writer.ts'
import { keepLease } from './lease-keeper.ts'
import { type Audience, meteredAppend, observeRollout, rolloutLogger } from './observe-rollout.ts'
import { persistentPorts } from './persistent-ports.ts'
import { createPulse } from './pulse.ts'
import { type RefusedCommand, refusalJournal } from './refusals.ts'
import type { RolloutEnd } from './rollout.ts'
import { foldEntry } from './fold-journal.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Ports, Run } from './run.ts'
import type { Store } from './store.ts'

/** What it takes to lead rollouts. */
export interface Leadership extends Audience {
  readonly ports: Ports
  readonly store: Store
  readonly leaseTtlMs: number
}

/** A rollout that this engine leads. */
export interface Led {
  readonly state: RolloutState
  readonly feed: EntryFeed
  readonly finished: Promise<RolloutEnd>
  /** Aborts when this engine no longer leads it. */
  readonly interrupted: AbortSignal
  /** Journals a command; one id once, however often it is asked for at the same time. */
  command(command: Command): Promise<void>
  /** Journals that a command was refused, unless there are too many of these already. Never rejects. */
  refused(asked: RefusedCommand, error: unknown): Promise<void>
  /** Lets go of it without ending it. */
  interrupt(reason: unknown): void
}

/**
 * Leads a rollout under `lease` until it ends or the lease is lost. `state` is the fold of its journal so far, and
 * belongs to the leader from now on.
 */
export function lead(leadership: Leadership, state: RolloutState, lease: Lease): Led {
  const { store } = leadership
  const ports = persistentPorts(leadership.ports)
  const log = rolloutLogger(leadership.logger, state)
  const observer = observeRollout(leadership, { state, lease, log })
  const feed = entryFeed(state.lastEntry)
  const pulse = createPulse()
  const interruption = new AbortController()
  const abortion = new AbortController()

  function onEntry(entry: Entry): void {
    observer.entry(entry)
    foldEntry(state, entry)
    feed.publish(entry)
    if (entry.type === 'commanded') giveUpIfAborted()
    pulse.beat()
  }

  function giveUpIfAborted(): void {
    if (state.abort && !abortion.signal.aborted) abortion.abort(abortError(state.abort))
  }

  const writer = journalWriter({
    store: meteredAppend(store, leadership.meter, ports.clock),
    clock: ports.clock,
    rollout: state.id,
    fence: lease.fence,
    last: state.lastEntry,
    onEntry,
    onFailure: (error) => interruption.abort(error),
  })
  const commands = new Map<string, Promise<void>>()
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
    interrupted: interruption.signal,
    command(command) {
      const known = commands.get(command.id)
      const recorded = known ?? writer.record([{ type: 'commanded', ...command }])
      commands.set(command.id, recorded)
      return recorded
    },
    refused: refusalJournal(state, run.record),
    finished: finished.then(observer.end).finally(() => feed.end()),
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

/** What a rollout was let go for. */
export function explain(error: unknown): { code?: string; reason: string } {
  if (error instanceof ChangeoverError) return { code: error.code, reason: error.message }
  return { reason: error instanceof Error ? error.message : String(error) }
}
