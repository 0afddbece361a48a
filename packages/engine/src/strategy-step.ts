import { z } from 'zod'
import { TOKEN } from './route-rule.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { RouteRule } from './route-rule.ts'
import type { Step } from './step.ts'

/** Which requests a rule sends to the new release: exactly one of `header` and `cookie`; without `value` any value will do. */
export type RuleKey = Omit<RouteRule, 'release'>

/** Gives the new release this share of the requests, in basis points; see `weight`. */
export interface WeightStep {
  readonly step: 'weight'
  readonly weight: number
  readonly rules?: readonly RuleKey[]
  readonly mirror?: number
}

/** Sends marked requests to the new release; see `route`. */
export interface RouteStep extends RuleKey {
  readonly step: 'route'
}

/** Copies this share of the requests to the new release, in basis points; see `mirror`. */
export interface MirrorStep {
  readonly step: 'mirror'
  readonly weight: number
}

type JudgeInPlan = Extract<Step, { readonly step: 'judge' }>

/** Judges the new release; the strategy fills in whom it is compared with, and a name for the gate; see `judge`. */
export type JudgeStep = Omit<JudgeInPlan, 'baseline' | 'candidate' | 'gate'> &
  Partial<Pick<JudgeInPlan, 'gate'>>

/** Where a strategy waits; made by `bake`, `judge`, `approve` and `hook`. */
export type GateStep = Extract<Step, { readonly step: 'approve' | 'bake' | 'hook' }> | JudgeStep

/** What changes where requests go; made by `weight`, `route` and `mirror`. */
export type TrafficStep = MirrorStep | RouteStep | WeightStep

/** What a canary is made of. */
export type CanaryStep = GateStep | TrafficStep

/** Names of gates and hooks: they appear in commands, journals and metrics. */
const NAME = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._ -]{0,62}$/,
    'use 1 to 63 letters, digits, ".", "_", "-" and spaces',
  )

const share = z.int().min(1).max(FULL_WEIGHT)
const ms = z.int().nonnegative()
const someMs = z.int().positive()
const probability = z.number().gt(0).lt(1)
/** Name of a header or a cookie. */
export const tokenSchema: z.ZodString = z
  .string()
  .regex(TOKEN, 'it is not a valid name of a header or cookie')
const onInconclusive = z.enum(['roll-back', 'hold']).exactOptional()
const ruleFields = {
  header: tokenSchema.exactOptional(),
  cookie: tokenSchema.exactOptional(),
  value: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, 'use 1 to 200 printable ASCII characters')
    .exactOptional(),
}
const ONE_KEY = 'give exactly one of header and cookie'

/** Whether exactly one of header and cookie is given. */
export function hasOneKey({ header, cookie }: { header?: string; cookie?: string }): boolean {
  return (header === undefined) !== (cookie === undefined)
}

export const ruleSchema: z.ZodType<RuleKey> = z.strictObject(ruleFields).refine(hasOneKey, ONE_KEY)

const bound = { overMs: someMs.exactOptional(), minRequests: ms.exactOptional() }
/** Criteria carry functions of their kind; here only their data is kept. */
const criterionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('compare-rates'),
    alpha: probability,
    beta: probability,
    tolerance: z.number().positive(),
    ratioMax: z.number().gt(1),
    ...bound,
  }),
  z.object({
    kind: z.literal('bound-rate'),
    limit: probability,
    confidence: probability,
    ...bound,
  }),
  z.object({
    kind: z.literal('compare-samples'),
    alpha: probability,
    tolerance: z.number().nonnegative(),
  }),
])

const JUDGES_NOTHING = 'name at least one indicator, such as { errors: compareRates() }'

const bakeSchema = z.strictObject({ step: z.literal('bake'), durationMs: ms })
const judgeSchema = z
  .strictObject({
    step: z.literal('judge'),
    gate: NAME.exactOptional(),
    indicators: z
      .record(NAME, criterionSchema)
      .refine((indicators) => Object.keys(indicators).length > 0, JUDGES_NOTHING),
    everyMs: someMs,
    deadlineMs: someMs,
    onInconclusive,
  })
  .refine(
    ({ everyMs, deadlineMs }) => everyMs <= deadlineMs,
    'it would never look: every is longer than deadline',
  )
const approveSchema = z.strictObject({
  step: z.literal('approve'),
  gate: NAME,
  quorum: z.int().min(1).max(100),
  expiresMs: someMs.exactOptional(),
  notRequester: z.boolean().exactOptional(),
  onInconclusive,
})
const hookSchema = z.strictObject({
  step: z.literal('hook'),
  name: NAME,
  timeoutMs: someMs,
  attempts: z.int().min(1).max(100),
  onInconclusive,
})

export const judgeStepSchema: z.ZodType<JudgeStep> = judgeSchema
export const approveStepSchema: z.ZodType<Extract<GateStep, { readonly step: 'approve' }>> =
  approveSchema
export const hookStepSchema: z.ZodType<Extract<GateStep, { readonly step: 'hook' }>> = hookSchema

/** Gates, as plain data. */
export const gateSchema: z.ZodType<GateStep> = z.discriminatedUnion('step', [
  bakeSchema,
  judgeSchema,
  approveSchema,
  hookSchema,
])

/** Steps of a canary, as plain data. */
export const canaryStepSchema: z.ZodType<CanaryStep> = z.discriminatedUnion('step', [
  bakeSchema,
  judgeSchema,
  approveSchema,
  hookSchema,
  z.strictObject({
    step: z.literal('weight'),
    weight: share,
    rules: z.array(ruleSchema).exactOptional(),
    mirror: z.int().min(0).max(FULL_WEIGHT).exactOptional(),
  }),
  z.strictObject({ step: z.literal('route'), ...ruleFields }).refine(hasOneKey, ONE_KEY),
  z.strictObject({ step: z.literal('mirror'), weight: z.int().min(0).max(FULL_WEIGHT) }),
])
