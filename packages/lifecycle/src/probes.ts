import type { IncomingMessage, ServerResponse } from 'node:http'

import type { HealthFacts } from './health.ts'
import type { MetricsPage } from './metrics.ts'
import { answerProbe, isProbe, pathOf } from './probe-answer.ts'
import type { ProbeAnswer, ProbeIdentity } from './probe-answer.ts'
import { describeRequest } from './probe-request.ts'
import type { ProbeRequest } from './probe-request.ts'

/** Who sees the checks and their errors. */
export type ProbeDetails = 'always' | 'never' | ((request: ProbeRequest) => boolean)

/** Any page that the lifecycle answers: a probe, or the metrics. */
export type Page = Pick<ProbeAnswer, 'headers' | 'body'> & { readonly status: number }

/** Answers probes and metrics at this moment. */
export interface Prober {
  /** Whether this request is one of ours; every other one is left to the application. */
  readonly knows: (method: string | undefined, target: string) => boolean
  readonly answer: (request: ProbeRequest) => Page | Promise<Page>
}

/** What a prober rests on. */
export interface ProberSources {
  readonly facts: () => HealthFacts
  readonly identity: ProbeIdentity
  readonly details: ProbeDetails
  readonly metrics: (() => Promise<MetricsPage>) | undefined
}

/** @returns a prober of `/livez`, `/readyz`, `/startupz`, and of `/metrics` where there are any. */
export function createProber({ facts, identity, details, metrics }: ProberSources): Prober {
  function answer(request: ProbeRequest): Page | Promise<Page> {
    const { target, headers } = request
    const detailed = isAllowed(details, request)
    const probe = answerProbe({ target, accept: headers['accept'], detailed }, facts(), identity)
    return probe ?? (metrics === undefined ? absent : answerMetrics(metrics))
  }
  return {
    knows: (method, target) =>
      (method === 'GET' || method === 'HEAD') &&
      (isProbe(target) || (metrics !== undefined && pathOf(target) === '/metrics')),
    answer,
  }
}

const absent: Page = { status: 404, headers: { 'content-length': '0' }, body: '' }

// A rule that throws must not show what it was to protect.
function isAllowed(details: ProbeDetails, request: ProbeRequest): boolean {
  if (typeof details !== 'function') return details === 'always'
  try {
    // Not only truthy: a promise from an async rule would let everybody in.
    const verdict: unknown = details(request)
    return verdict === true
  } catch {
    return false
  }
}

async function answerMetrics(metrics: () => Promise<MetricsPage>): Promise<Page> {
  try {
    const { contentType, body } = await metrics()
    return page(200, contentType, body)
  } catch {
    return page(500, 'text/plain; charset=utf-8', 'a metric of this registry failed\n')
  }
}

function page(status: number, contentType: string, body: string): Page {
  const length = String(Buffer.byteLength(body))
  return { status, headers: { 'content-type': contentType, 'content-length': length }, body }
}

/**
 * Answers probes in front of an application; see `Lifecycle.handler`.
 */
export type ProbeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => boolean

/** Probes for `node:http` and everything that took its shape. */
export function createProbeHandler(prober: Prober): ProbeHandler {
  return (request, response, next) => {
    const { method = '', url = '' } = request
    if (!prober.knows(method, url)) {
      next?.()
      return false
    }
    void reply(response, method, prober.answer(describeRequest(request)))
    return true
  }
}

async function reply(
  response: ServerResponse,
  method: string,
  answer: Page | Promise<Page>,
): Promise<void> {
  const { status, headers, body } = answer instanceof Promise ? await answer : answer
  response.writeHead(status, headers)
  response.end(method === 'HEAD' ? undefined : body)
}

/** See `Lifecycle.fetch`. */
export type ProbeFetch = (request: Request) => Promise<Response | undefined>

/** Probes for fetch-style frameworks. */
export function createProbeFetch(prober: Prober): ProbeFetch {
  return async ({ method, url, headers }) => {
    const { pathname, search } = new URL(url)
    const target = pathname + search
    if (!prober.knows(method, target)) return undefined
    const asked = { method, target, headers: Object.fromEntries(headers) }
    const answer = await prober.answer(asked)
    const body = method === 'HEAD' ? null : answer.body
    return new Response(body, { status: answer.status, headers: answer.headers })
  }
}
