import type { RolloutState } from './rollout-state.ts'

/**
 * How long the step under way has been active, in milliseconds: since its journaled start, pauses left out. The same
 * for every engine that leads the rollout, whatever was restarted meanwhile.
 */
export function activeMs(state: RolloutState, now: number): number {
  const until = state.paused?.since ?? now
  return until - (state.stepStartedAt ?? until) - state.pausedMs
}
