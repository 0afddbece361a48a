import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import type * as Prometheus from 'prom-client'

import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import { METRIC_NAMES, METRICS } from './metrics-catalog.ts'
import type { MetricName } from './metrics-catalog.ts'

/** A registry of prom-client, or anything that has these parts of one. */
export type MetricsRegistry = Pick<
  Prometheus.Registry,
  'getSingleMetric' | 'registerMetric' | 'metrics' | 'contentType'
>

/** What a scrape is answered. */
export interface MetricsPage {
  readonly contentType: string
  readonly body: string
}

/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** What a lifecycle says about itself when it is scraped. */
export type MetricsSource = (name: MetricName) => readonly Sample[]

type Metric = Prometheus.Gauge | Prometheus.Counter

interface Registered {
  readonly sources: Set<MetricsSource>
  readonly metrics: ReadonlySet<unknown>
}

const registered = new WeakMap<MetricsRegistry, Registered>()

/**
 * Makes a registry tell of a lifecycle. Lifecycles that share a registry are added up.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_METRIC_TAKEN`
 */
export function publishMetrics(
  registry: MetricsRegistry,
  source: MetricsSource,
): () => Promise<MetricsPage> {
  sourcesOf(registry).add(source)
  return async () => ({ contentType: registry.contentType, body: await registry.metrics() })
}

function sourcesOf(registry: MetricsRegistry): Set<MetricsSource> {
  const known = registered.get(registry)
  const ours = known?.metrics ?? new Set()
  for (const { name } of Object.values(METRICS)) {
    const present: unknown = registry.getSingleMetric(name)
    if (present !== undefined && !ours.has(present)) throw nameTaken(name)
  }
  const sources = known?.sources ?? new Set<MetricsSource>()
  // A registry that was cleared has lost them.
  const missing = METRIC_NAMES.filter(
    (name) => registry.getSingleMetric(METRICS[name].name) === undefined,
  )
  const added = missing.map((name) => createMetric(registry, name, sources))
  registered.set(registry, { sources, metrics: new Set([...ours, ...added]) })
  return sources
}

// Only here, so that a process without metrics does not load it.
const load = createRequire(import.meta.url)

function createMetric(
  registry: MetricsRegistry,
  key: MetricName,
  sources: ReadonlySet<MetricsSource>,
): Metric {
  const { name, help, labels, type } = METRICS[key]
  const { Counter, Gauge }: typeof Prometheus = load('prom-client')
  const options = { name, help, labelNames: [...labels], registers: [] }
  const read = (): readonly Sample[] => [...sources].flatMap((source) => source(key))
  const metric: Metric =
    type === 'counter'
      ? new Counter({ ...options, collect: () => fill(metric, read()) })
      : new Gauge({ ...options, collect: () => fill(metric, read()) })
  registry.registerMetric(metric)
  return metric
}

function fill(metric: Metric, samples: readonly Sample[]): void {
  metric.reset()
  for (const { labels, value } of samples) metric.inc({ ...labels }, value)
}

function nameTaken(metric: string): LifecycleError {
  return refuse('CHANGEOVER_LIFECYCLE_METRIC_TAKEN', { metric })
}

/** How late the event loop is. */
export interface LoopDelay {
  /** Since the last time this was called. */
  readonly read: () => readonly Sample[]
  readonly stop: () => void
}

/** Starts to watch the event loop. */
export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: 20 })
  histogram.enable()
  return {
    read: () => {
      const quantiles = { '0.5': histogram.percentile(50), '0.99': histogram.percentile(99) }
      const worst = histogram.count === 0 ? 0 : histogram.max
      histogram.reset()
      return Object.entries({ ...quantiles, '1': worst }).map(([quantile, value]) => ({
        labels: { quantile },
        value: toSeconds(value),
      }))
    },
    stop: () => void histogram.disable(),
  }
}

/** Before the first sample the histogram says NaN. */
function toSeconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0
}
