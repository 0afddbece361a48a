import {
  type CallOptions,
  type IndicatorCheck,
  type Metrics,
  type MetricsQuery,
  refuse,
  type Samples,
} from '@changeover/engine'
import { instantQuery } from './instant-query.ts'
import {
  type IndicatorQueries,
  type PrometheusMetricsOptions,
  type PrometheusSettings,
  readOptions,
} from './options.ts'
import type { Found } from './query-answer.ts'
import { fillTemplate, needsBound } from './query-template.ts'

/**
 * Reads indicators from Prometheus, or anything that speaks its query API, by instant queries of your own.
 *
 * No series, several of them, `NaN`, a warning, an error and no answer in time are all no data, with the reason; no data
 * is never a pass. A query for bad requests should end with `or vector(0)` where its series begins with the first bad
 * request. When a plan is made each of its indicators is asked for once, so that a mistake is refused there.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const metrics = prometheusMetrics({
 *   url: 'http://127.0.0.1:9090',
 *   indicators: {
 *     errors: {
 *       bad: 'sum(increase(http_requests_total{release="$release", status=~"5.."}[$window])) or vector(0)',
 *       total: 'sum(increase(http_requests_total{release="$release"}[$window]))',
 *     },
 *   },
 * })
 * ```
 */
export function prometheusMetrics(options: PrometheusMetricsOptions): Metrics {
  const settings = readOptions(options)
  return {
    name: 'prometheus',
    sample: (query, call) => sample(settings, query, call),
    check: (indicator, call) => check(settings, indicator, call),
  }
}

async function sample(
  settings: PrometheusSettings,
  query: MetricsQuery,
  call?: CallOptions,
): Promise<Samples> {
  const problem = indicatorProblem(settings, query)
  if (problem !== undefined) return noData(problem)
  const queries = settings.indicators.get(query.indicator)
  if (!queries) return noData(`there is no indicator ${query.indicator}`)
  if (!('values' in queries)) return count(settings, queries, query, call)
  const found = await ask(settings, queries.values, query, call)
  if ('reason' in found) return noData(found.reason)
  return found.values.length > 0 ? { data: true, values: found.values } : noData('no series')
}

/** Both counts are of the same instant: the second is asked for at the time that the first was told for. */
async function count(
  settings: PrometheusSettings,
  queries: Extract<IndicatorQueries, { bad: string }>,
  query: MetricsQuery,
  call?: CallOptions,
): Promise<Samples> {
  const all = await ask(settings, queries.total, query, call)
  const total = single(all, 'total')
  if (typeof total === 'string') return noData(total)
  const at = 'at' in all ? all.at : undefined
  const bad = single(await ask(settings, queries.bad, query, { ...call, at }), 'bad')
  if (typeof bad === 'string') return noData(bad)
  if (bad < 0 || bad > total) return noData(`${bad} bad of ${total} are no counts`)
  return { data: true, bad, total }
}

function ask(
  settings: PrometheusSettings,
  template: string,
  { service, release, since, overMs }: MetricsQuery,
  call: CallOptions & { readonly at?: number | undefined } = {},
): Promise<Found> {
  const windowMs = settings.clock.now() - since
  const query = fillTemplate(template, { service, release, windowMs, overMs })
  return instantQuery(settings, { ...call, query })
}

function single(found: Found, part: string): number | string {
  if ('reason' in found) return `${part}: ${found.reason}`
  const [value, ...others] = found.values
  if (value === undefined)
    return `${part}: no series; where there may be none yet, end the query with "or vector(0)"`
  if (others.length > 0) return `${part}: ${others.length + 1} series, aggregate them with sum()`
  return value
}

/** Long enough for a query to be tried, whatever is asked. */
const TRIAL_WINDOW_MS = 60_000

/** @throws ChangeoverError `CHANGEOVER_INDICATOR_UNKNOWN` */
async function check(
  settings: PrometheusSettings,
  indicator: IndicatorCheck,
  call?: CallOptions,
): Promise<void> {
  const known = indicatorProblem(settings, indicator)
  if (known !== undefined) throw unknown(settings, indicator, known)
  const since = settings.clock.now() - TRIAL_WINDOW_MS
  const { service = 'none', indicator: name } = indicator
  const { overMs } = indicator
  const bound = overMs === undefined ? {} : { overMs }
  const query = { service, release: 'none', indicator: name, since, ...bound }
  for (const template of Object.values(settings.indicators.get(name) ?? {})) {
    const found = await ask(settings, template, query, call)
    if ('reason' in found && !found.reason.startsWith('a value is'))
      throw unknown(settings, indicator, found.reason)
  }
}

function indicatorProblem(
  { indicators }: PrometheusSettings,
  { indicator, overMs, as = 'counts' }: IndicatorCheck,
): string | undefined {
  const queries = indicators.get(indicator)
  if (!queries) return 'there are no queries for it'
  if ('values' in queries !== (as === 'values')) return `its queries do not give ${as}`
  const bounded = Object.values(queries).some(needsBound)
  if (bounded && overMs === undefined) return 'its queries need a bound for $over'
  if (!bounded && overMs !== undefined) return 'its queries have no $over for the bound'
  return undefined
}

function unknown(
  settings: PrometheusSettings,
  { indicator }: IndicatorCheck,
  problem: string,
): Error {
  return refuse('CHANGEOVER_INDICATOR_UNKNOWN', {
    metrics: 'prometheus',
    indicator,
    problem,
    remedy: `Nothing was started. Mend its queries, or use one of: ${[...settings.indicators.keys()].join(', ')}.`,
  })
}

function noData(reason: string): Samples {
  return { data: false, reason }
}
