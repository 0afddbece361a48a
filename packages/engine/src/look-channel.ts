import { channel } from 'node:diagnostics_channel'
import type { Counts } from './compare-rates.ts'
import type { VerdictOutcome } from './verdict.ts'

/** What one indicator of a judge has come to, at one look. */
export interface IndicatorLook {
  readonly indicator: string
  readonly verdict: VerdictOutcome
  /** How much was seen. */
  readonly evidence: number
  /** Bad and all requests of each side so far, where the indicator counts. */
  readonly candidate?: Counts
  readonly baseline?: Counts
  /**
   * How far the evidence has come, and how far it must come: `fail 3.1 of 100`. The judge decides where one of them
   * reaches its threshold; a bound that nothing is compared with passes at the last look only. A comparison of samples
   * has none.
   */
  readonly towards?: readonly {
    readonly verdict: 'pass' | 'fail'
    readonly value: number
    readonly threshold: number
  }[]
  /** One line for people. */
  readonly reason: string
}

/** One look of a judge. Not journaled: what it comes to in the end is. */
export interface JudgeLook {
  readonly rollout: string
  readonly service: string
  readonly gate: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly indicators: readonly IndicatorLook[]
}

/**
 * Name of the `node:diagnostics_channel` on which every engine of this process publishes each {@link JudgeLook}. Costs
 * nothing while nobody subscribes.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 *
 * subscribe(LOOK_CHANNEL, (message) => {
 *   const look = message as JudgeLook
 *   for (const { indicator, reason } of look.indicators) console.log(look.gate, indicator, reason)
 * })
 * ```
 */
export const LOOK_CHANNEL = 'changeover:look'

const looks = channel(LOOK_CHANNEL)

/** Tells whoever subscribed. */
export function publishLook(look: () => JudgeLook): void {
  if (looks.hasSubscribers) looks.publish(look())
}
