import {
  checkOptions,
  type Clock,
  type Duration,
  portSchema,
  refuse,
  systemClock,
  toMs,
} from '@changeover/engine'
import { z } from 'zod'
import { templateProblem } from './query-template.ts'

/**
 * PromQL for one indicator: `bad` requests and all of them, or the `values` of a gauge. Each is an instant query;
 * `$service`, `$release` (in quotes), `$window` (the time since the judge began, outside of quotes) and `$over` (the
 * judge's bound, in seconds) stand for what is asked.
 */
export type IndicatorQueries =
  | { readonly bad: string; readonly total: string }
  /** Every sample is a value: of several series, or of a range such as `memory_bytes{release="$release"}[$window]`. */
  | { readonly values: string }

export interface PrometheusMetricsOptions {
  /** Of the server, such as `http://127.0.0.1:9090`, or with the path that it is served under. */
  readonly url: string
  readonly indicators: Readonly<Record<string, IndicatorQueries>>
  /** For one answer. @default '5s' */
  readonly timeout?: Duration
  /** Sent with each query, for authorization. Never shown in errors, and never sent on to where a redirect leads. */
  readonly headers?: Readonly<Record<string, string>>
  /** @default the machine's clock */
  readonly clock?: Clock
}

/** Checked options. */
export interface PrometheusSettings {
  /** Of the query endpoint. */
  readonly endpoint: URL
  readonly indicators: ReadonlyMap<string, IndicatorQueries>
  readonly timeoutMs: number
  readonly headers: Headers
  readonly clock: Clock
}

const query = z.string().min(1)
const optionsSchema = z.strictObject({
  url: z.string(),
  indicators: z.record(
    z.string(),
    z.union([z.strictObject({ bad: query, total: query }), z.strictObject({ values: query })]),
  ),
  timeout: z.union([z.number(), z.string()]).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
})

const remedies = {
  url: "Give a URL such as 'http://127.0.0.1:9090'; credentials belong in headers.",
  indicators:
    "Give queries: { errors: { bad: '...', total: '...' } }, or { memory: { values: '...' } }.",
  headers: "Give texts: { authorization: 'Bearer ...' }.",
}

/** @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID` */
export function readOptions(options: PrometheusMetricsOptions): PrometheusSettings {
  const help = { remedies, secret: ['headers', 'url'] }
  const checked = checkOptions(optionsSchema, options, 'prometheusMetrics', help)
  const { url, timeout = '5s', headers = {}, clock = systemClock() } = checked
  const indicators = new Map(Object.entries(checked.indicators))
  if (indicators.size === 0) throw refused('indicators', {}, 'there are none')
  for (const [name, queries] of indicators) checkQueries(name, queries)
  return {
    endpoint: readUrl(url),
    indicators,
    timeoutMs: toMs(timeout, 'prometheusMetrics.timeout'),
    headers: readHeaders(headers),
    clock,
  }
}

function checkQueries(name: string, queries: IndicatorQueries): void {
  for (const [part, template] of Object.entries(queries)) {
    const problem = templateProblem(template)
    if (problem !== undefined) throw refused(`indicators.${name}.${part}`, template, problem)
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw refused('url', '(hidden)', 'it is no http or https URL')
  if (url.username || url.password) throw refused('url', '(hidden)', 'it holds credentials')
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`
  return url
}

/** What a header may hold is checked here, because fetch would show its value when it refuses it. */
function readHeaders(headers: Readonly<Record<string, string>>): Headers {
  const [odd] = Object.entries(headers).find(([name, value]) => !isHeader(name, value)) ?? []
  if (odd === undefined) return new Headers(headers)
  throw refused('headers', '(hidden)', `the header ${JSON.stringify(odd)} cannot be sent`)
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name)
  } catch {
    return false
  }
}

function refused(field: string, value: unknown, problem: string): Error {
  const [first = ''] = field.split('.')
  const remedy = Object.entries(remedies).find(([name]) => name === first)?.[1] ?? 'Mend it.'
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: `prometheusMetrics.${field}`,
    value,
    problem,
    remedy,
  })
}
