import { ChangeoverError, refuse } from './changeover-error.ts'
import type { CommandName } from './command.ts'
import { entryFeed } from './event-stream.ts'
import { foldEntry } from './fold-journal.ts'
import { endOf, explain } from './lead.ts'
import { createPulse, type Pulse } from './pulse.ts'
import type { Clock } from './clock.ts'
import type { Rollout, RolloutCommand, RolloutEnd } from './rollout.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Store } from './store.ts'

/** A store that engines on several machines share. */
export type SharedStore = Store & Required<Pick<Store, 'watch' | 'send'>>

export function isShared(store: Store): store is SharedStore {
  return store.watch !== undefined && store.send !== undefined
}

export interface FollowOptions {
  readonly store: SharedStore
  readonly clock: Clock
  /** How long a command waits for the engine that leads, or the next one. */
  readonly deadlineMs: number
  readonly newId: (prefix: string) => string
}

/** A rollout that another engine leads, as its journal tells it. */
export interface Followed {
  readonly rollout: Rollout
  /** Grows with the journal. */
  readonly state: RolloutState
  /** Ends it for everybody here. */
  stop(reason: unknown): void
}

/** Follows a rollout until its journal has its end. `state` is the fold so far, and is the follower's from now on. */
export function followRollout(options: FollowOptions, state: RolloutState): Followed {
  const { store, clock, deadlineMs: deadline, newId } = options
  const { id, plan } = state
  const feed = entryFeed()
  const over = new AbortController()
  const pulse = createPulse()
  const unwatch = store.watch(({ rollout }) => {
    if (rollout === id) pulse.beat()
  })

  async function catchUp(): Promise<void> {
    for await (const entry of store.read(id, { after: state.lastEntry })) {
      if (entry.seq <= state.lastEntry.seq) continue
      foldEntry(state, entry)
      feed.publish(entry)
    }
  }

  async function untilOver(): Promise<RolloutEnd> {
    try {
      await keepUp({ state, pulse, clock, catchUp, signal: over.signal })
      return endOf(state)
    } catch (error) {
      return { rollout: id, outcome: 'interrupted', ...explain(error) }
    } finally {
      unwatch()
      feed.end()
      over.abort()
    }
  }

  async function command(name: CommandName, request: Wish): Promise<void> {
    const { id: commandId = newId(name), ...wish } = request
    assertOpen(state, over.signal, name)
    try {
      const sent = { command: name, id: commandId, ...wish }
      await store.send(id, sent, { deadline, signal: over.signal })
    } catch (error) {
      if (over.signal.aborted) assertOpen(state, over.signal, name)
      throw error
    }
  }

  const rollout: Rollout = {
    id,
    service: plan.service,
    plan,
    finished: untilOver(),
    events: (wanted) => feed.read(store, id, wanted),
    ...commands(command),
  }
  return {
    rollout,
    state,
    stop(reason) {
      over.abort(reason)
      pulse.beat()
    },
  }
}

type Wish = RolloutCommand & { readonly gate?: string }
type Commands = Pick<Rollout, CommandName>

function commands(ask: (name: CommandName, request: Wish) => Promise<void>): Commands {
  const named =
    (name: CommandName) =>
    (request: Wish): Promise<void> =>
      ask(name, request)
  return {
    approve: named('approve'),
    pause: named('pause'),
    resume: named('resume'),
    promote: named('promote'),
    abort: named('abort'),
    rollback: named('rollback'),
  }
}

interface KeepUp {
  readonly state: RolloutState
  readonly pulse: Pulse
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly catchUp: () => Promise<void>
}

/** Pause behind a failure that may pass, in milliseconds. */
const RETRY_MS = 1_000

/** What does not pass: these journals never get an end. */
const FINAL = new Set([
  'CHANGEOVER_JOURNAL_CORRUPT',
  'CHANGEOVER_ROLLOUT_UNKNOWN',
  'CHANGEOVER_STORE_CLOSED',
])

/** Reads on whenever the journal has grown. @throws the reason of the signal, or why the journal cannot be read */
async function keepUp({ state, pulse, clock, catchUp, signal }: KeepUp): Promise<void> {
  for (;;) {
    // Counted before it is read, so that nothing is missed in between.
    const seen = pulse.count
    const failure = await catchUp().then(
      () => undefined,
      (error: unknown) => error ?? new Error('the journal cannot be read'),
    )
    if (state.outcome !== undefined) return
    signal.throwIfAborted()
    if (failure instanceof ChangeoverError && FINAL.has(failure.code)) throw failure
    const grown = pulse.after(seen)
    if (failure === undefined) await grown
    else await Promise.race([grown, clock.sleep(RETRY_MS, { signal }).catch(() => undefined)])
    signal.throwIfAborted()
  }
}

function assertOpen(state: RolloutState, over: AbortSignal, command: CommandName): void {
  const { id: rollout, outcome } = state
  if (outcome !== undefined)
    throw refuse('CHANGEOVER_ROLLOUT_FINISHED', { rollout, outcome, command })
  over.throwIfAborted()
}
