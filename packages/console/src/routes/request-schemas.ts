import { z } from 'zod'
import type {
  DeployRequest,
  RollbackRequest,
  RolloutCommandRequest,
  SignInRequest,
} from '../api/index.ts'

const id = z
  .string()
  .regex(/^[\w.:@+-]{1,100}$/, 'use 1 to 100 letters, digits, ".", ":", "@", "_", "+" and "-"')
const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'use 1 to 63 letters, digits, ".", "_" and "-"')
const text = z
  .string()
  .max(1_000, 'at most 1,000 characters')
  .regex(/^[^\p{Cc}]*$/u, 'no control characters')
const command = { id, reason: text.exactOptional() }

const fill = z.record(
  z.string().regex(/^\w{1,100}$/, 'a name has 1 to 100 letters, digits and "_"'),
  z.string().max(1_000, 'at most 1,000 characters'),
)

const deploy = {
  version: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}]*$/u, 'no control characters'),
  release: name.exactOptional(),
  set: fill.exactOptional(),
  supersede: z.boolean().exactOptional(),
  giveUpRollbackTo: z.union([z.literal('all'), z.array(name).min(1).max(100)]).exactOptional(),
}

export const DEPLOY_BODY: z.ZodType<DeployRequest> = z.strictObject({ ...command, ...deploy })

/** A plan changes nothing, and may be asked for as often as one likes. */
export const PLAN_BODY: z.ZodType<Omit<DeployRequest, 'id'>> = z.strictObject({
  ...command,
  ...deploy,
  id: id.exactOptional(),
})

export const ROLLBACK_BODY: z.ZodType<RollbackRequest> = z.strictObject({
  ...command,
  to: name.exactOptional(),
})

export const ROLLBACK_PLAN_BODY: z.ZodType<Omit<RollbackRequest, 'id'>> = z.strictObject({
  ...command,
  id: id.exactOptional(),
  to: name.exactOptional(),
})

const seen = z.strictObject({
  position: z.int().min(0),
  direction: z.enum(['forward', 'back']),
})

const rolloutCommand = z.strictObject({
  ...command,
  gate: name.exactOptional(),
  seen: seen.exactOptional(),
})

/** Pause, resume, abort, rollback. */
export const ROLLOUT_COMMAND_BODY: z.ZodType<RolloutCommandRequest> = z.strictObject({
  ...command,
  seen: seen.exactOptional(),
})
export const APPROVE_BODY: z.ZodType<RolloutCommandRequest & { readonly gate: string }> =
  z.strictObject({ ...rolloutCommand.shape, gate: z.string().min(1).max(200), seen })
export const PROMOTE_BODY: z.ZodType<RolloutCommandRequest> = z.strictObject({ ...command, seen })

export const SIGN_IN_BODY: z.ZodType<SignInRequest> = z.strictObject({
  token: z.string().min(1).max(1_000),
})

const whole = z
  .string()
  .regex(/^\d{1,15}$/, 'it is no whole number, 0 or more')
  .transform(Number)

/** Number of the last entry that is known; -1 for none. */
const after = z
  .string()
  .regex(/^(?:-1|\d{1,15})$/, 'it is no number of an entry')
  .transform(Number)

export const AUDIT_QUERY: z.ZodType<{ readonly before?: number; readonly limit: number }> =
  z.strictObject({ before: whole.exactOptional(), limit: within(1_000).default(100) })
export const JOURNAL_QUERY: z.ZodType<{ readonly after: number; readonly limit: number }> =
  z.strictObject({ after: after.default(-1), limit: within(5_000).default(1_000) })
export const EVENTS_QUERY: z.ZodType<{ readonly after?: number }> = z.strictObject({
  after: after.exactOptional(),
})
export const LOGS_QUERY: z.ZodType<{ readonly lines: number }> = z.strictObject({
  lines: within(10_000).default(200),
})

function within(most: number): z.ZodType<number, string> {
  const range = `it is not between 1 and ${most.toLocaleString('en')}`
  return whole.refine((value) => value >= 1 && value <= most, range)
}
