import { createRequire } from 'node:module'
import type * as Prometheus from 'prom-client'
import { type ChangeoverError, refuse } from './changeover-error.ts'
import type { Measurement } from './measurements.ts'
import { METRIC_NAMES, METRICS, type MetricName } from './metrics-catalog.ts'

/** A registry of prom-client, or anything that has these parts of one. */
export type MetricsRegistry = Pick<Prometheus.Registry, 'getSingleMetric' | 'registerMetric'>

/** Takes measurements. */
export type Meter = (measurements: readonly Measurement[]) => void

type Metric = Prometheus.Counter | Prometheus.Gauge | Prometheus.Histogram
type Recorder = (measurement: Measurement) => void
interface Instrument {
  readonly metric: Metric
  readonly record: Recorder
}

const registered = new WeakMap<MetricsRegistry, Map<MetricName, Instrument>>()

/** In seconds: steps and gates last from a blink to days. */
const LONG_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400]
const APPEND_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/**
 * Registers the engine's metrics. Engines that share a registry are added up.
 *
 * @throws ChangeoverError `CHANGEOVER_METRIC_TAKEN`
 */
export function meterOf(registry: MetricsRegistry): Meter {
  const known = registered.get(registry) ?? new Map<MetricName, Instrument>()
  const present = METRIC_NAMES.map((name) => [name, registry.getSingleMetric(METRICS[name].name)])
  for (const name of METRIC_NAMES) assertFree(registry, name, known.get(name))
  // A registry that was cleared has lost them.
  const missing = METRIC_NAMES.filter((_, index) => present[index]?.[1] === undefined)
  for (const name of missing) known.set(name, install(registry, name))
  registered.set(registry, known)
  return (measurements) => {
    for (const measurement of measurements) known.get(measurement.metric)?.record(measurement)
  }
}

function assertFree(
  registry: MetricsRegistry,
  name: MetricName,
  own: Instrument | undefined,
): void {
  const present: unknown = registry.getSingleMetric(METRICS[name].name)
  if (present !== undefined && present !== own?.metric) throw nameTaken(METRICS[name].name)
}

function install(registry: MetricsRegistry, name: MetricName): Instrument {
  const instrument = createInstrument(name)
  registry.registerMetric(instrument.metric)
  return instrument
}

// Only here, so that an engine without metrics does not load it.
const load = createRequire(import.meta.url)

function createInstrument(key: MetricName): Instrument {
  const { name, help, labels, type } = METRICS[key]
  const { Counter, Gauge, Histogram }: typeof Prometheus = load('prom-client')
  const options = { name, help, labelNames: [...labels], registers: [] }
  switch (type) {
    case 'counter':
      return counting(new Counter(options))
    case 'gauge':
      return gauging(new Gauge(options))
    case 'histogram': {
      const buckets = labels.length > 0 ? LONG_BUCKETS : APPEND_BUCKETS
      return timing(new Histogram({ ...options, buckets }))
    }
  }
}

function counting(metric: Prometheus.Counter): Instrument {
  return { metric, record: ({ labels, value }) => metric.inc({ ...labels }, value) }
}

function gauging(metric: Prometheus.Gauge): Instrument {
  return {
    metric,
    record: ({ labels, value, adds }) =>
      adds ? metric.inc({ ...labels }, value) : metric.set({ ...labels }, value),
  }
}

function timing(metric: Prometheus.Histogram): Instrument {
  return { metric, record: ({ labels, value }) => metric.observe({ ...labels }, value) }
}

function nameTaken(metric: string): ChangeoverError {
  return refuse('CHANGEOVER_METRIC_TAKEN', { metric })
}
