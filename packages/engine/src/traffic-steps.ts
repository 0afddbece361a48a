import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import {
  type MirrorStep,
  type RouteStep,
  type RuleKey,
  ruleSchema,
  type WeightStep,
} from './strategy-step.ts'

/** What a weight step may change beside the weight. What is left out stays as it is. */
export interface WeightOptions {
  /** Requests that go to the new release whatever the weight says; `[]` takes back all rules. */
  readonly rules?: readonly RuleKey[]
  /** Percent of the requests that are copied to the new release; 0 ends it. */
  readonly mirror?: number
}

const weightOptionsSchema = z.strictObject({
  rules: z.array(ruleSchema).optional(),
  mirror: z.number().optional(),
})

/**
 * Gives the new release this percentage of the requests, to two decimals. Rules and a mirror set by earlier steps hold on
 * unless this step says otherwise; at 100 they end.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * canary({ steps: [weight(0.5), bake('2m'), weight(25, { mirror: 0 }), bake('5m')] })
 * ```
 */
export function weight(percent: number, options: WeightOptions = {}): WeightStep {
  const { rules, mirror: copied } = checkOptions(weightOptionsSchema, options, 'weight')
  return {
    step: 'weight',
    weight: basisPoints(percent, { field: 'weight.percent', least: 0.01 }),
    ...(rules ? { rules } : {}),
    ...(copied === undefined
      ? {}
      : { mirror: basisPoints(copied, { field: 'weight.mirror', least: 0 }) }),
  }
}

/**
 * Sends requests that carry a header or a cookie to the new release, at whatever weight it has now. The rule is added to
 * those in force and holds until a weight step replaces the rules, or gives the new release everything.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * canary({ steps: [route({ header: 'x-beta', value: 'yes' }), approve('beta testers'), weight(10), bake('5m')] })
 * ```
 */
export function route(rule: RuleKey): RouteStep {
  return { step: 'route', ...checkOptions(ruleSchema, rule, 'route') }
}

/**
 * Copies this percentage of the requests to the new release and throws its answers away, until a weight step says
 * otherwise or gives the new release everything. Only for requests that may be carried out twice.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * canary({ steps: [mirror(10), bake('10m'), weight(10, { mirror: 0 }), bake('10m')] })
 * ```
 */
export function mirror(percent: number): MirrorStep {
  return { step: 'mirror', weight: basisPoints(percent, { field: 'mirror.percent', least: 0 }) }
}

/** Basis points of a percentage; what they cannot express is refused, never rounded. */
function basisPoints(
  percent: number,
  { field, least }: { readonly field: string; readonly least: number },
): number {
  const exact = typeof percent === 'number' ? percent * 100 : Number.NaN
  const points = Math.round(exact)
  // Decimal fractions are not exact: 0.07 * 100 is a little more than 7.
  const whole = Math.abs(exact - points) < 1e-6
  if (whole && percent >= least && percent <= 100) return points
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field,
    value: percent,
    problem: `it is not a percentage from ${least} to 100 with at most two decimals`,
    remedy: 'Give a number such as 1, 12.5 or 0.25.',
  })
}
