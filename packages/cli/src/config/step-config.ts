import type {
  ApproveOptions,
  Criterion,
  Duration,
  HookOptions,
  JudgeOptions,
  RateBoundLimits,
  RateLimits,
  RuleKey,
  SampleLimits,
  WeightOptions,
} from '@changeover/engine'

/** One indicator of a judge, as data. */
export type IndicatorConfig =
  | { readonly compareRates: RateLimits }
  | { readonly boundRate: RateBoundLimits }
  | { readonly compareSamples: SampleLimits }
  | Criterion

/** A judge, as data. */
export interface JudgeConfig extends JudgeOptions {
  readonly indicators: Readonly<Record<string, IndicatorConfig>>
}

/** One step of a strategy, as data: its name, and what its function takes. */
export type StepConfig =
  | { readonly weight: number | ({ readonly percent: number } & WeightOptions) }
  | { readonly bake: Duration }
  | { readonly judge: JudgeConfig }
  | { readonly approve: string | ({ readonly gate: string } & ApproveOptions) }
  | { readonly hook: string | ({ readonly name: string } & HookOptions) }
  | { readonly route: RuleKey }
  | { readonly mirror: number }
