export type { IndicatorQueries, PrometheusMetricsOptions } from './options.ts'
export { prometheusMetrics } from './prometheus-metrics.ts'
