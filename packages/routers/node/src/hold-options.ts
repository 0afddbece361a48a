import { checkOptions, type Duration } from '@changeover/engine'
import { z } from 'zod'
import { positiveMs } from './durations.ts'
import type { HoldLimits } from './waiting-room.ts'

/** How requests wait while a service is on hold. */
export interface HoldOptions {
  /** Requests that may wait; more are answered with 503 and Retry-After at once. @default 1_000 */
  readonly limit?: number
  /** For each request to wait; then it is answered with 503. The hold itself lasts until `release`. @default '30s' */
  readonly deadline?: Duration
}

const schema = z.strictObject({
  limit: z.int().min(0).optional(),
  deadline: z.union([z.number(), z.string()]).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  limit: 'Give a whole number; 0 lets nobody wait.',
  deadline: "Give milliseconds or a string such as '30s'.",
  '': "Give { limit: 1000, deadline: '30s' }, or nothing.",
}

/**
 * Checks the options of a hold.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseHold(options: HoldOptions): HoldLimits {
  const { limit = 1_000, deadline = '30s' } = checkOptions(schema, options, 'hold', {
    remedies: REMEDIES,
  })
  return { limit, deadlineMs: positiveMs(deadline, 'hold.deadline') }
}
