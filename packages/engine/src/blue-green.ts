import { z } from 'zod'
import { type BlueGreenSettings, planBlueGreen } from './blue-green-plan.ts'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import type { Criterion } from './criterion.ts'
import { type Duration, toMs } from './duration.ts'
import { nameGates } from './gate-names.ts'
import { bake, judge } from './gate-steps.ts'
import type { OnInconclusive } from './step.ts'
import type { Strategy, StrategyContext } from './strategy.ts'
import {
  type GateStep,
  gateSchema,
  type JudgeStep,
  type RuleKey,
  ruleSchema,
} from './strategy-step.ts'
import {
  durationSchema,
  readTimes,
  type StrategyTimesOptions,
  timesShape,
} from './strategy-times.ts'

/** How the new release is watched after the flip. */
export interface WatchOptions {
  readonly for: Duration
  /** Bounds of the new release alone, by `boundRate`: nothing runs beside it any more. */
  readonly indicators: Readonly<Record<string, Criterion>>
  /** Time between two looks. @default '10s' */
  readonly every?: Duration
  /** What becomes of the rollout where too few requests came for a verdict. @default 'roll-back' */
  readonly onInconclusive?: OnInconclusive
}

export interface BlueGreenOptions extends StrategyTimesOptions {
  /** Requests that see the new release before the flip, by header or cookie. @default nobody does */
  readonly preview?: RuleKey
  /** What must pass before the flip, while the preview is open. @default nothing */
  readonly steps?: readonly GateStep[]
  /** How long the old release stays up after the flip, counted from it, and at least as long as `watch`. @default 0 */
  readonly keepOld?: Duration
  /** For how long a new release that falters after the flip is taken back by itself, and by what it is judged. @default 0 */
  readonly watch?: Duration | WatchOptions
}

/** Between two looks after the flip, unless the watch is shorter than that. */
const WATCH_EVERY_MS = 10_000

const watchSchema = z.strictObject({
  for: durationSchema,
  indicators: z.record(
    z.string(),
    z.custom<Criterion>((value) => typeof value === 'object'),
  ),
  every: durationSchema.optional(),
  onInconclusive: z.enum(['roll-back', 'hold']).optional(),
})
type CheckedWatch = z.infer<typeof watchSchema>

const optionsSchema = z.strictObject({
  preview: ruleSchema.optional(),
  steps: z.array(gateSchema).optional(),
  keepOld: durationSchema.optional(),
  watch: z.union([durationSchema, watchSchema]).optional(),
  ...timesShape,
})

const REMEDIES = { steps: 'Make steps with hook(), approve(), bake() and judge().' }

/**
 * Launches the new release beside the old one, shows it to a preview, and gives it all traffic in one table. The old side
 * stays warm for `keepOld`, so that the way back is one table too.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; when the plan is made also
 *   `CHANGEOVER_PLAN_INVALID` and `CHANGEOVER_CAPABILITY_MISSING`
 * @example
 * ```ts
 * const strategy = blueGreen({
 *   preview: { header: 'x-preview' },
 *   steps: [hook('smoke'), approve('go')],
 *   keepOld: '10m',
 *   watch: '5m',
 * })
 * ```
 */
export function blueGreen(options: BlueGreenOptions = {}): Strategy {
  const checked = checkOptions(optionsSchema, options, 'blueGreen', { remedies: REMEDIES })
  const { preview, steps = [], watch = 0, keepOld = 0 } = checked
  const times = readTimes(checked, 'blueGreen')
  assertSteps(steps, preview !== undefined)
  const watchMs = toMs(typeof watch === 'object' ? watch.for : watch, 'blueGreen.watch')
  const keepOldMs = toMs(keepOld, 'blueGreen.keepOld')
  if (keepOldMs > 0 && keepOldMs < watchMs) throw goneTooSoon(keepOldMs, watchMs)
  const gates = nameGates([...steps, ...watching(watch, watchMs)], 'blueGreen.steps')
  const settings: BlueGreenSettings = {
    ...(preview ? { preview } : {}),
    before: gates.slice(0, steps.length),
    after: [
      ...gates.slice(steps.length),
      ...(keepOldMs > watchMs ? [bake(keepOldMs - watchMs)] : []),
    ],
    times,
  }
  return Object.freeze({
    name: 'blue-green',
    plan: (context: StrategyContext) => planBlueGreen(context, settings),
  })
}

function watching(watch: Duration | CheckedWatch, watchMs: number): GateStep[] {
  if (typeof watch !== 'object') return watchMs > 0 ? [bake(watchMs)] : []
  const { indicators, every = Math.min(WATCH_EVERY_MS, watchMs), onInconclusive } = watch
  const options = { gate: 'watch', every, deadline: watchMs }
  const step = judge(indicators, { ...options, ...(onInconclusive ? { onInconclusive } : {}) })
  assertBounds(step, 'blueGreen.watch.indicators')
  return [step]
}

/** Refuses verdicts that could never come: only one of the two releases has traffic at any time. */
function assertSteps(steps: readonly GateStep[], previewed: boolean): void {
  for (const [i, step] of steps.entries()) {
    if (step.step !== 'judge') continue
    assertBounds(step, `blueGreen.steps.${i}`)
    if (previewed) continue
    throw refuse('CHANGEOVER_OPTION_INVALID', {
      field: `blueGreen.steps.${i}`,
      value: 'judge',
      problem:
        'the new release has no traffic before the flip, so the gate could never come to a verdict',
      remedy: 'Open a preview, or judge after the flip with watch: { for, indicators }.',
    })
  }
}

function assertBounds({ indicators }: JudgeStep, field: string): void {
  for (const [indicator, { kind }] of Object.entries(indicators)) {
    if (kind === 'bound-rate') continue
    throw refuse('CHANGEOVER_OPTION_INVALID', {
      field: `${field}.${indicator}`,
      value: kind,
      problem:
        'the two releases never have traffic at the same time, so there is nothing to compare',
      remedy: 'Bound the rate of the new release with boundRate({ limit }), or use canary().',
    })
  }
}

function goneTooSoon(keepOldMs: number, watchMs: number): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'blueGreen.keepOld',
    value: keepOldMs,
    problem: `the old release would be gone before the watch of ${watchMs} ms ends`,
    remedy: 'Keep the old release at least as long as the new one is watched.',
  })
}
