/** One metric as a scrape shows it. */
export interface MetricEntry {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly labels: readonly string[]
  readonly help: string
}

/** Names of the metrics, without their prefix. */
export const METRIC_NAMES = [
  'state',
  'in_flight_requests',
  'connections',
  'drain_duration_seconds',
  'drain_completed_total',
  'drain_forced_total',
  'drain_refused_total',
  'check_status',
  'check_duration_seconds',
  'event_loop_delay_seconds',
] as const

/** One of them. */
export type MetricName = (typeof METRIC_NAMES)[number]

const prefix = 'changeover_lifecycle_'

/** Every metric of this package. All are read when they are scraped; nothing is counted while the server serves. */
export const METRICS: Readonly<Record<MetricName, MetricEntry>> = {
  state: {
    name: `${prefix}state`,
    type: 'gauge',
    labels: ['state'],
    help: '1 for the state that the lifecycle is in (starting, ready, draining, stopped), 0 for the others.',
  },
  in_flight_requests: {
    name: `${prefix}in_flight_requests`,
    type: 'gauge',
    labels: [],
    help: 'Requests whose answer is not complete: HTTP/1.1 answers, and open streams of HTTP/2.',
  },
  connections: {
    name: `${prefix}connections`,
    type: 'gauge',
    labels: ['kind'],
    help: 'Open connections of the attached servers, by kind: http1, http2, upgraded (WebSocket and the like), or handshake while TLS is being agreed.',
  },
  drain_duration_seconds: {
    name: `${prefix}drain_duration_seconds`,
    type: 'gauge',
    labels: [],
    help: 'How long the drain has lasted, or did last when it is over; 0 before it.',
  },
  drain_completed_total: {
    name: `${prefix}drain_completed_total`,
    type: 'counter',
    labels: [],
    help: 'Requests answered during the drain.',
  },
  drain_forced_total: {
    name: `${prefix}drain_forced_total`,
    type: 'counter',
    labels: [],
    help: 'Connections cut at the deadline with something unfinished on them.',
  },
  drain_refused_total: {
    name: `${prefix}drain_refused_total`,
    type: 'counter',
    labels: [],
    help: 'Requests that came after the last answer of their connection and were not executed.',
  },
  check_status: {
    name: `${prefix}check_status`,
    type: 'gauge',
    labels: ['check'],
    help: '1 for a check that passes, 0 for one that fails or has not said anything yet.',
  },
  check_duration_seconds: {
    name: `${prefix}check_duration_seconds`,
    type: 'gauge',
    labels: ['check'],
    help: 'How long the last run of a check took.',
  },
  event_loop_delay_seconds: {
    name: `${prefix}event_loop_delay_seconds`,
    type: 'gauge',
    labels: ['quantile'],
    help: 'How late timers were since the last scrape: quantiles 0.5 and 0.99, and 1 for the worst.',
  },
}
