import { z } from 'zod'
import { checkOptions } from './check-options.ts'
import type { Criterion } from './criterion.ts'
import { type Duration, toMs } from './duration.ts'
import type { OnInconclusive, Step } from './step.ts'
import {
  approveStepSchema,
  hookStepSchema,
  type JudgeStep,
  judgeStepSchema,
} from './strategy-step.ts'
import { durationSchema } from './strategy-times.ts'

const onInconclusive = z.enum(['roll-back', 'hold']).optional()

/**
 * Waits while the service runs as it is. A new release that falters meanwhile is given up.
 *
 * @throws ChangeoverError `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * canary({ steps: [weight(5), bake('10m'), weight(100)] })
 * ```
 */
export function bake(duration: Duration): Extract<Step, { readonly step: 'bake' }> {
  return { step: 'bake', durationMs: toMs(duration, 'bake.duration') }
}

export interface JudgeOptions {
  /** Name of the gate. @default `judge`, and `judge-2` and so on for those after it */
  readonly gate?: string
  /** Time between two looks. @default '10s' */
  readonly every?: Duration
  /** When the gate ends without a verdict. @default '10m' */
  readonly deadline?: Duration
  /** What becomes of the rollout then. @default 'roll-back' */
  readonly onInconclusive?: OnInconclusive
}

const judgeOptionsSchema = z.strictObject({
  gate: z.string().optional(),
  every: durationSchema.optional(),
  deadline: durationSchema.optional(),
  onInconclusive,
})

/**
 * Looks at indicators of the new release until one fails, all pass, or the deadline leaves the gate without a verdict.
 * Indicators are named as the engine's metrics know them.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * canary({ steps: [weight(5), judge({ errors: compareRates({ tolerance: 1.25 }) }, { deadline: '30m' })] })
 * ```
 */
export function judge(
  indicators: Readonly<Record<string, Criterion>>,
  options: JudgeOptions = {},
): JudgeStep {
  const {
    gate,
    every = '10s',
    deadline = '10m',
    ...rest
  } = checkOptions(judgeOptionsSchema, options, 'judge')
  const step = {
    step: 'judge',
    ...(gate === undefined ? {} : { gate }),
    indicators,
    everyMs: toMs(every, 'judge.every'),
    deadlineMs: toMs(deadline, 'judge.deadline'),
    ...settled(rest),
  }
  return checkOptions(judgeStepSchema, step, 'judge')
}

export interface ApproveOptions {
  /** How many people must say yes. @default 1 */
  readonly quorum?: number
  /** After how long the question is moot. @default never */
  readonly expires?: Duration
  /** Whoever asked for the rollout may not approve it. @default false */
  readonly notRequester?: boolean
  /** What becomes of the rollout when it expires. @default 'roll-back' */
  readonly onInconclusive?: OnInconclusive
}

const approveOptionsSchema = z.strictObject({
  quorum: z.number().optional(),
  expires: durationSchema.optional(),
  notRequester: z.boolean().optional(),
  onInconclusive,
})

/**
 * Waits for people, who answer with `rollout.approve({ gate, by })`.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * blueGreen({ steps: [approve('release-manager', { quorum: 2, expires: '4h' })] })
 * ```
 */
export function approve(
  gate: string,
  options: ApproveOptions = {},
): Extract<Step, { readonly step: 'approve' }> {
  const {
    quorum = 1,
    expires,
    notRequester,
    ...rest
  } = checkOptions(approveOptionsSchema, options, 'approve')
  const step = {
    step: 'approve',
    gate,
    quorum,
    ...(expires === undefined ? {} : { expiresMs: toMs(expires, 'approve.expires') }),
    ...(notRequester === undefined ? {} : { notRequester }),
    ...settled(rest),
  }
  return checkOptions(approveStepSchema, step, 'approve')
}

export interface HookOptions {
  /** How long one attempt may take. @default '30s' */
  readonly timeout?: Duration
  /** How often it is called until it resolves. @default 3 */
  readonly attempts?: number
  /** What becomes of the rollout when no attempt resolved. @default 'roll-back' */
  readonly onInconclusive?: OnInconclusive
}

const hookOptionsSchema = z.strictObject({
  timeout: durationSchema.optional(),
  attempts: z.number().optional(),
  onInconclusive,
})

/**
 * Calls a function registered as `createEngine({ hooks: { [name]: … } })`, at least once, with an idempotency key.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * blueGreen({ preview: { header: 'x-preview' }, steps: [hook('smoke', { timeout: '2m', attempts: 2 })] })
 * ```
 */
export function hook(
  name: string,
  options: HookOptions = {},
): Extract<Step, { readonly step: 'hook' }> {
  const {
    timeout = '30s',
    attempts = 3,
    ...rest
  } = checkOptions(hookOptionsSchema, options, 'hook')
  const timeoutMs = toMs(timeout, 'hook.timeout')
  const step = { step: 'hook', name, timeoutMs, attempts, ...settled(rest) }
  return checkOptions(hookStepSchema, step, 'hook')
}

/** Only what was given: a plan is the same before and after it was written down. */
function settled({ onInconclusive: ending }: { onInconclusive?: OnInconclusive | undefined }): {
  onInconclusive?: OnInconclusive
} {
  return ending === undefined ? {} : { onInconclusive: ending }
}
