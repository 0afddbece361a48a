import {
  checkOptions,
  type Clock,
  type Duration,
  portSchema,
  refuse,
  toMs,
} from '@changeover/engine'
import { z } from 'zod'

/** What goes wrong between a caller and a port. Each probability is drawn anew for each call. */
export interface PortFaults {
  /** The same seed gives the same faults for the same calls. @default 1 */
  readonly seed?: number
  /** Probability that a call never arrives: nothing happens, and the caller gets an error. @default 0 */
  readonly lostRequests?: number
  /** Probability that a call does its work and only the answer is lost. @default 0 */
  readonly lostReplies?: number
  /** How many calls may go wrong altogether. @default as many as the probabilities want */
  readonly atMost?: number
  /** Time that each call takes to arrive. @default 0 */
  readonly delay?: Duration
  /** The calls that may go wrong, by name. @default all of the port's */
  readonly calls?: readonly string[]
  /** Sleeps for `delay`; needed with it. */
  readonly clock?: Clock
}

/** Faults after the check, with defaults filled in. */
export interface FaultSettings {
  readonly seed: number
  readonly lostRequests: number
  readonly lostReplies: number
  readonly atMost: number
  readonly delayMs: number
  readonly clock: Clock | undefined
  readonly mayGoWrong: (call: string) => boolean
}

/** A port, and the calls of it that a line can lose. */
export interface FaultyPort {
  /** What the caller called: `faultyRouter`. */
  readonly name: string
  /** What it wraps: `router`. */
  readonly kind: string
  readonly port: object
  readonly calls: readonly string[]
}

/** A misspelt fault would be none, and whatever is tested with it would pass. */
const REMEDIES = {
  seed: 'Give a whole number, such as the one of a failing run.',
  lostRequests: 'Give a probability from 0 to 1, such as 0.1.',
  lostReplies: 'Give a probability from 0 to 1, such as 0.1.',
  atMost: 'Give a whole number of calls, 0 or more.',
  clock:
    'Give the clock that sleeps for the delay: an object with now() and sleep(), such as virtualClock().',
  '': 'Give any of seed, lostRequests, lostReplies, atMost, delay, calls, clock.',
}

const probability = z.number().min(0).max(1)

/** @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID` */
export function checkFaults(
  faults: PortFaults,
  { name, kind, port, calls }: FaultyPort,
): FaultSettings {
  const remedies = { ...REMEDIES, calls: `Name some of ${calls.join(', ')}.` }
  checkOptions<unknown>(portSchema(kind, calls), port, `${name}.${kind}`)
  const checked = checkOptions(schemaFor(calls), faults, name, { remedies })
  const { seed = 1, lostRequests = 0, lostReplies = 0, atMost = Infinity, clock } = checked
  const delayMs = toMs(checked.delay ?? 0, `${name}.delay`)
  if (delayMs > 0 && !clock)
    throw refuse('CHANGEOVER_OPTION_INVALID', {
      field: `${name}.clock`,
      value: 'nothing',
      problem: 'a delay is slept on it',
      remedy: REMEDIES.clock,
    })
  const mayGoWrong = (call: string): boolean => checked.calls?.includes(call) ?? true
  return { seed, lostRequests, lostReplies, atMost, delayMs, clock, mayGoWrong }
}

function schemaFor(calls: readonly string[]) {
  return z.strictObject({
    seed: z.int().optional(),
    lostRequests: probability.optional(),
    lostReplies: probability.optional(),
    atMost: z.int().min(0).optional(),
    delay: z.union([z.number(), z.string()]).optional(),
    calls: z.array(z.enum(calls)).optional(),
    clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  })
}
