/** One metric as a scrape shows it. */
export interface MetricEntry {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

/** Names of the metrics, without their prefix. */
export const METRIC_NAMES = [
  'rollouts_total',
  'rollouts_running',
  'rollout_duration_seconds',
  'step_duration_seconds',
  'gate_duration_seconds',
  'route_weight_ratio',
  'verdicts_total',
  'verdict_evidence',
  'lease_held',
  'lease_fence',
  'journal_append_duration_seconds',
] as const

/** One of them. */
export type MetricName = (typeof METRIC_NAMES)[number]

const prefix = 'changeover_engine_'

/**
 * Every metric of this package. No label names a rollout, a release or an instance: their number has no bound, that of
 * services and gates has. Durations include pauses.
 */
export const METRICS: Readonly<Record<MetricName, MetricEntry>> = {
  rollouts_total: {
    name: `${prefix}rollouts_total`,
    type: 'counter',
    labels: ['service', 'outcome'],
    help: 'Rollouts by outcome: promoted, rolled-back, failed-safe, or interrupted where this engine let go of one that goes on elsewhere.',
  },
  rollouts_running: {
    name: `${prefix}rollouts_running`,
    type: 'gauge',
    labels: ['service'],
    help: 'Rollouts that this engine leads now.',
  },
  rollout_duration_seconds: {
    name: `${prefix}rollout_duration_seconds`,
    type: 'histogram',
    labels: ['service', 'outcome'],
    help: 'Time from the first entry of the journal to the last, across restarts.',
  },
  step_duration_seconds: {
    name: `${prefix}step_duration_seconds`,
    type: 'histogram',
    labels: ['service', 'step', 'result'],
    help: 'Time that a step took, by its kind and by whether it finished or failed.',
  },
  gate_duration_seconds: {
    name: `${prefix}gate_duration_seconds`,
    type: 'histogram',
    labels: ['service', 'verdict'],
    help: 'Time that a gate waited for its verdict: pass, fail or inconclusive.',
  },
  route_weight_ratio: {
    name: `${prefix}route_weight_ratio`,
    type: 'gauge',
    labels: ['service', 'side'],
    help: 'Share of the traffic, from 0 to 1, by the last table that the router was seen to follow: side new is the release being rolled out, side old all others.',
  },
  verdicts_total: {
    name: `${prefix}verdicts_total`,
    type: 'counter',
    labels: ['service', 'verdict'],
    help: 'Verdicts of gates: pass, fail or inconclusive.',
  },
  verdict_evidence: {
    name: `${prefix}verdict_evidence`,
    type: 'gauge',
    labels: ['service', 'gate'],
    help: 'What the last verdict of a gate rests on: requests judged, people who approved, hooks that answered.',
  },
  lease_held: {
    name: `${prefix}lease_held`,
    type: 'gauge',
    labels: ['service'],
    help: '1 while this engine leads the service, 0 after it let go or lost the lease.',
  },
  lease_fence: {
    name: `${prefix}lease_fence`,
    type: 'gauge',
    labels: ['service'],
    help: 'Fence of the last lease of this engine; the engine with the highest one leads.',
  },
  journal_append_duration_seconds: {
    name: `${prefix}journal_append_duration_seconds`,
    type: 'histogram',
    labels: [],
    help: 'Time until the store said that entries are durable; many entries may go in one append.',
  },
}
