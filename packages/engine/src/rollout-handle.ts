import { refuse } from './changeover-error.ts'
import { endOf, type Led } from './lead.ts'
import type { Rollout } from './rollout.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Store } from './store.ts'

/** What callers get of a rollout that this engine leads. */
export function rolloutHandle(led: Led, store: Store, newId: (prefix: string) => string): Rollout {
  const { state, feed, finished } = led
  return {
    id: state.id,
    service: state.plan.service,
    plan: state.plan,
    finished,
    events: ({ signal } = {}) => feed.read(store, state.id, signal),
    async approve({ gate, by, id = newId('approve') }) {
      assertRunning(state, 'approve')
      assertGate(state, gate)
      await led.record({ type: 'commanded', command: 'approve', id, by, gate })
    },
    async abort({ by, reason = '', id = newId('abort') }) {
      assertRunning(state, 'abort')
      if (state.direction === 'back') return
      await led.record({ type: 'commanded', command: 'abort', id, by, reason })
    },
  }
}

function assertRunning(state: RolloutState, command: string): void {
  const { outcome } = endOf(state)
  if (outcome === 'interrupted') return
  throw refuse('CHANGEOVER_ROLLOUT_FINISHED', { rollout: state.id, outcome, command })
}

function assertGate({ id, plan }: RolloutState, gate: string): void {
  const gates = plan.steps.flatMap((step) => (step.step === 'approve' ? [step.gate] : []))
  if (gates.includes(gate)) return
  throw refuse('CHANGEOVER_GATE_UNKNOWN', { rollout: id, gate, gates })
}
