import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { type Duration, toMs } from './duration.ts'
import type { DrainPolicy, DrainSettings, ReadinessSettings } from './step.ts'

/** Options about time that all strategies share. */
export interface StrategyTimesOptions {
  /** How long an instance must stay ready before it counts. @default 0 */
  readonly minReady?: Duration
  /** How long an instance may take to become ready before the rollout turns back. @default '60s' */
  readonly readyWithin?: Duration
  /** How long an instance taken out of the routes may finish its requests, and what happens then. */
  readonly drain?: {
    /** @default '30s' */
    readonly deadline?: Duration
    /** @default 'force' */
    readonly onDeadline?: DrainPolicy
  }
}

/** The same in milliseconds. */
export interface StrategyTimes extends ReadinessSettings {
  readonly drain: DrainSettings
}

export const durationSchema: z.ZodType<Duration> = z.union([z.number(), z.string()])

interface TimesShape {
  readonly minReady: z.ZodOptional<z.ZodType<Duration>>
  readonly readyWithin: z.ZodOptional<z.ZodType<Duration>>
  readonly drain: z.ZodOptional<z.ZodType<NonNullable<StrategyTimesOptions['drain']>>>
}

/** The fields of {@link StrategyTimesOptions}, for a strategy's own schema. */
export const timesShape: TimesShape = {
  minReady: durationSchema.optional(),
  readyWithin: durationSchema.optional(),
  drain: z
    .strictObject({
      deadline: durationSchema.exactOptional(),
      onDeadline: z.enum(['force', 'extend', 'hold']).exactOptional(),
    })
    .optional(),
}

type CheckedTimes = { readonly [Field in keyof TimesShape]?: z.infer<TimesShape[Field]> }

/**
 * Reads the times of a strategy's checked options.
 *
 * @param name of the strategy, for the refusal
 * @throws ChangeoverError `CHANGEOVER_DURATION_INVALID`, and `CHANGEOVER_OPTION_INVALID` where no instance could ever count
 */
export function readTimes(
  { minReady = 0, readyWithin = '60s', drain = {} }: CheckedTimes,
  name: string,
): StrategyTimes {
  const { deadline = '30s', onDeadline = 'force' } = drain
  const minReadyMs = toMs(minReady, `${name}.minReady`)
  const readyWithinMs = toMs(readyWithin, `${name}.readyWithin`)
  const deadlineMs = toMs(deadline, `${name}.drain.deadline`)
  if (readyWithinMs > 0 && minReadyMs <= readyWithinMs)
    return { minReadyMs, readyWithinMs, drain: { deadlineMs, onDeadline } }
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: `${name}.readyWithin`,
    value: readyWithinMs,
    problem: `no instance could be ready for ${minReadyMs} ms within ${readyWithinMs} ms`,
    remedy: 'Give readyWithin more time than minReady.',
  })
}
