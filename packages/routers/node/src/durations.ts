import { type Duration, refuse, toMs } from '@changeover/engine'

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** A duration that a timer takes; 0 is for the caller to understand. */
export function limitMs(duration: Duration, field: string): number {
  const ms = toMs(duration, field)
  if (ms <= LONGEST_TIMER_MS) return ms
  throw durationRefused(field, duration, 'it is longer than 24 days')
}

/** A duration that a timer takes, and not 0. */
export function positiveMs(duration: Duration, field: string): number {
  const ms = limitMs(duration, field)
  if (ms > 0) return ms
  throw durationRefused(field, duration, 'it is 0, which would end every wait at once')
}

/** The error about a duration that makes no sense. */
export function durationRefused(field: string, value: unknown, problem: string): Error {
  const remedy = "Give milliseconds or a string such as '30s'."
  return refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
