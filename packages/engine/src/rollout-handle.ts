import { refuse } from './changeover-error.ts'
import type { Command, CommandName } from './command.ts'
import type { Entry } from './journal.ts'
import { endOf, type Led } from './lead.ts'
import type { RefusedCommand } from './refusals.ts'
import type { EventsOptions, Rollout } from './rollout.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Store } from './store.ts'

/** What callers get of a rollout that this engine leads. */
export function rolloutHandle(led: Led, store: Store, newId: (prefix: string) => string): Rollout {
  const { state, feed, finished } = led

  async function command(
    name: CommandName,
    { id = newId(name), ...request }: { by: string; id?: string; gate?: string; reason?: string },
  ): Promise<void> {
    if (!state.commands.has(id)) await led.command({ command: name, id, ...request })
  }

  async function journalingRefusal(asked: RefusedCommand, check: () => void): Promise<void> {
    try {
      check()
    } catch (error) {
      await led.refused(asked, error)
      throw error
    }
  }

  /** What only makes sense while the plan goes forward. */
  async function steer(name: 'pause' | 'resume' | 'promote', request: Steering): Promise<void> {
    assertRunning(led, name)
    await journalingRefusal({ command: name, by: request.by }, () => {
      assertForward(state, name)
      if (name === 'resume' && state.closed)
        throw refused(state, name, 'its window is closed; promote overrides that, under your name')
    })
    await command(name, request)
  }

  async function giveUp(name: 'abort' | 'rollback', request: Steering): Promise<void> {
    assertRunning(led, name)
    if (state.direction === 'forward') await command(name, request)
  }

  return {
    id: state.id,
    service: state.plan.service,
    plan: state.plan,
    finished,
    events: (options) => feed.read(store, state.id, options),
    async approve({ gate, ...request }) {
      assertRunning(led, 'approve')
      await journalingRefusal({ command: 'approve', by: request.by, gate }, () => {
        assertGate(state, gate, request.by)
        assertForward(state, 'approve')
      })
      await command('approve', { ...request, gate })
    },
    pause: (request) => steer('pause', request),
    resume: (request) => steer('resume', request),
    promote: (request) => steer('promote', request),
    abort: (request) => giveUp('abort', request),
    rollback: (request) => giveUp('rollback', request),
  }
}

/** Asks a rollout for what a command says. */
export function obey(rollout: Rollout, { command, gate = '', ...request }: Command): Promise<void> {
  return command === 'approve' ? rollout.approve({ ...request, gate }) : rollout[command](request)
}

/** What callers get of a rollout whose journal has its end: it can be read, and takes no command. */
export function finishedHandle(state: RolloutState, store: Store): Rollout {
  const { id, plan } = state
  const end = endOf(state)
  const refuseAll =
    (name: CommandName): (() => Promise<never>) =>
    () =>
      Promise.reject(
        refuse('CHANGEOVER_ROLLOUT_FINISHED', {
          rollout: id,
          outcome: end.outcome,
          command: name,
        }),
      )
  return {
    id,
    service: plan.service,
    plan,
    finished: Promise.resolve(end),
    events: (options) => readEvents(store, id, options),
    approve: refuseAll('approve'),
    pause: refuseAll('pause'),
    resume: refuseAll('resume'),
    promote: refuseAll('promote'),
    abort: refuseAll('abort'),
    rollback: refuseAll('rollback'),
  }
}

async function* readEvents(
  store: Store,
  rollout: string,
  { signal, after = -1 }: EventsOptions = {},
): AsyncGenerator<Entry, undefined> {
  for await (const entry of store.read(rollout)) {
    if (signal?.aborted) return undefined
    if (entry.seq > after) yield entry
  }
  return undefined
}

type Steering = Parameters<Rollout['pause']>[0]

function assertRunning({ state, interrupted }: Led, command: string): void {
  const { outcome } = endOf(state)
  if (outcome !== 'interrupted')
    throw refuse('CHANGEOVER_ROLLOUT_FINISHED', { rollout: state.id, outcome, command })
  if (interrupted.aborted)
    throw refused(state, command, 'this engine has let go of it, and another one may lead it')
}

function assertForward(state: RolloutState, command: string): void {
  if (state.direction === 'back') throw refused(state, command, 'it is on its way back')
}

function assertGate(state: RolloutState, gate: string, by: string): void {
  const { id, plan } = state
  const gates = plan.steps.filter((step) => step.step === 'approve')
  const found = gates.find((step) => step.gate === gate)
  if (!found) {
    throw refuse('CHANGEOVER_GATE_UNKNOWN', {
      rollout: id,
      gate,
      gates: gates.map((step) => step.gate),
    })
  }
  if (found.notRequester && by === state.by) {
    throw refused(
      state,
      'approve',
      `gate "${gate}" wants somebody else than "${by}", who asked for it`,
    )
  }
}

function refused({ id: rollout }: RolloutState, command: string, problem: string): Error {
  return refuse('CHANGEOVER_COMMAND_REFUSED', { rollout, command, problem })
}
