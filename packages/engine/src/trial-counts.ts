import { type Counts, isSound } from './compare-rates.ts'
import type { Samples } from './metrics.ts'

export const NO_COUNTS: Counts = { bad: 0, total: 0 }

/** The counts of an answer, or why there are none. */
export function countsOf(samples: Samples | undefined): Counts | string {
  if (!samples) return 'nobody was asked'
  if (!samples.data) return samples.reason
  if (!('total' in samples)) return 'it gave values where counts were asked for'
  const { bad, total } = samples
  return isSound({ bad, total }) ? { bad, total } : `${bad} of ${total} bad are no counts`
}

/** Metrics systems that extrapolate take back a little now and then. */
const WOBBLE = 0.1

/** Counts that fell by more than that were begun anew: what they say then is a new base, never evidence. */
export function fell(now: Counts, before: Counts): boolean {
  return fellFar(now.bad, before.bad) || fellFar(now.total, before.total)
}

function fellFar(count: number, earlier: number): boolean {
  return count < earlier * (1 - WOBBLE) - 1
}

/** What came since `before`; a little that was taken back counts as nothing. */
export function minus(now: Counts, before: Counts): Counts {
  return { bad: Math.max(0, now.bad - before.bad), total: Math.max(0, now.total - before.total) }
}

export function most(one: Counts, other: Counts): Counts {
  return { bad: Math.max(one.bad, other.bad), total: Math.max(one.total, other.total) }
}

export function plus(one: Counts, other: Counts): Counts {
  return { bad: one.bad + other.bad, total: one.total + other.total }
}

/** Counts for people: `3 of 1,000 bad (0.3 %)`. */
export function showCounts({ bad, total }: Counts): string {
  const share = total > 0 ? ` (${Number(((bad / total) * 100).toPrecision(3))} %)` : ''
  return `${showNumber(bad)} of ${showNumber(total)} bad${share}`
}

/** Whole numbers with separators, others to three digits. */
export function showNumber(number: number): string {
  const rounded = Math.abs(number) >= 1000 ? Math.round(number) : Number(number.toPrecision(3))
  return Math.abs(rounded) < 1e12 ? rounded.toLocaleString('en-US') : rounded.toExponential(2)
}
