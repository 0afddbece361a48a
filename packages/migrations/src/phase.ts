/** What a schema step does to those who are still running. */
export type Phase = 'expand' | 'backfill' | 'tighten' | 'contract'

/** All phases, in the only order in which they make sense. */
export const PHASES: readonly Phase[] = ['expand', 'backfill', 'tighten', 'contract']

/** The later one of the two: a migration is in the phase of its latest statement. */
export function laterPhase(one: Phase, other: Phase): Phase {
  return PHASES.indexOf(one) >= PHASES.indexOf(other) ? one : other
}
