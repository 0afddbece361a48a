import { FULL_WEIGHT } from '@changeover/engine'

/** The golden ratio's fraction: the step whose multiples mod 1 are spread most evenly, and never in phase with a period. */
const GOLDEN_STEP = (Math.sqrt(5) - 1) / 2

/** How far a pool may run ahead of or behind its exact share, in basis points of a request. */
const SLACK = 1.5 * FULL_WEIGHT

/** Spreads requests over pools by weight. Deterministic: the same weights and phase give the same sequence. */
export interface WeightedSequence {
  /** Index of the pool that gets the next request. */
  readonly next: () => number
  /** Where the sequence stands, from 0 up to 1; the next table's sequence starts from here. */
  readonly phase: () => number
}

/**
 * A sequence of pool indexes in which each pool's count stays within 2 of its exact share at any length.
 *
 * A golden-ratio rotation picks; where it strays further than one and a half requests, the pool that is owed most
 * gets its turn. Rotation alone would stray by a little more with every tenfold of requests; a plain weighted round
 * robin would keep exact counts, but send every tenth request of a kind to the same pool for ever.
 *
 * @param weights basis points that sum to 10,000; a pool with weight 0 is never picked
 * @param phase where to start, from 0 up to 1
 */
export function weightedSequence(weights: readonly number[], phase: number): WeightedSequence {
  const owed = weights.map(() => 0)
  let at = phase
  return {
    phase: () => at,
    next: () => {
      at = (at + GOLDEN_STEP) % 1
      for (let i = 0; i < owed.length; i++) owed[i] = (owed[i] ?? 0) + (weights[i] ?? 0)
      const index = settle(owed, indexAt(weights, at * FULL_WEIGHT))
      owed[index] = (owed[index] ?? 0) - FULL_WEIGHT
      return index
    },
  }
}

/** The pool whose slice of 0 to 10,000 holds `point`. */
function indexAt(weights: readonly number[], point: number): number {
  let edge = 0
  let last = 0
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] ?? 0
    if (weight === 0) continue
    edge += weight
    if (point < edge) return i
    last = i
  }
  return last
}

/** The proposed pool, or the one that is owed most where the proposal would take one of them beyond the slack. */
function settle(owed: readonly number[], proposed: number): number {
  let most = 0
  for (let i = 1; i < owed.length; i++) if ((owed[i] ?? 0) > (owed[most] ?? 0)) most = i
  const fair = (owed[most] ?? 0) <= SLACK && (owed[proposed] ?? 0) - FULL_WEIGHT >= -SLACK
  return fair ? proposed : most
}
