import { z } from 'zod'

import type { Duration } from './duration.ts'

/** What a check can turn red. */
export type ProbeKind = 'liveness' | 'readiness' | 'startup'

/** A question that the process asks itself again and again. */
export interface CheckOptions {
  /**
   * Resolves when all is well, throws or rejects when not. A number or text that it gives back is shown as the observed value.
   * The signal is aborted when its time is up, or when the drain begins.
   */
  readonly run: (signal: AbortSignal) => unknown
  /**
   * Which probes it counts for. Keep what other processes share, such as a database, out of `liveness`: its failure would
   * restart every instance at once.
   * @default ['readiness']
   */
  readonly affects?: readonly ProbeKind[]
  /**
   * Whether its failure turns the probe red. If not, the answer says `warn` and stays 200.
   * @default true
   */
  readonly critical?: boolean
  /**
   * When a run counts as failed. A run that does not end is not started a second time.
   * @default '1s'
   */
  readonly timeout?: Duration
  /**
   * From the start of one run to the start of the next.
   * @default '5s'
   */
  readonly every?: Duration
  /**
   * How many failures in a row turn it red.
   * @default 2
   */
  readonly failAfter?: number
  /**
   * How many passes in a row turn it green.
   * @default 1
   */
  readonly passAfter?: number
}

/** A checked check. */
export interface CheckSettings {
  readonly name: string
  readonly run: (signal: AbortSignal) => unknown
  readonly affects: readonly ProbeKind[]
  readonly critical: boolean
  readonly timeoutMs: number
  readonly everyMs: number
  readonly failAfter: number
  readonly passAfter: number
}

const timesHint = 'use a whole number from 1 to 1000'
const times = z
  .int({ error: timesHint })
  .min(1, { error: timesHint })
  .max(1_000, { error: timesHint })

/** Reads the option `checks`; `duration` is the schema of all durations. */
export function checksSchema(duration: z.ZodType<number, Duration>): z.ZodType<CheckSettings[]> {
  const span = duration.refine((ms) => ms >= 1, { error: "use 1 ms or more, such as '5s'" })
  const check = z.strictObject({
    run: z.custom<CheckSettings['run']>((value) => typeof value === 'function', {
      error: 'give a function that resolves when all is well and throws when not',
    }),
    affects: z
      .array(z.enum(['liveness', 'readiness', 'startup']))
      .min(1, { error: "name at least one of 'liveness', 'readiness', 'startup'" })
      .default(['readiness']),
    critical: z.boolean().default(true),
    timeout: span.default(1_000),
    every: span.default(5_000),
    failAfter: times.default(2),
    passAfter: times.default(1),
  })
  const name = z.string().regex(/^[\w.:-]+$/)
  return z.record(name, check, { error: describeRecord }).transform((checks) =>
    Object.entries(checks).map(([name, { timeout, every, ...rest }]) => ({
      name,
      ...rest,
      timeoutMs: timeout,
      everyMs: every,
    })),
  )
}

function describeRecord({ code }: { readonly code: string }): string | undefined {
  return code === 'invalid_key' ? 'name every check with letters, digits and . : _ -' : undefined
}
