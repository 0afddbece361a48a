import type { IncomingMessage, ServerResponse } from 'node:http'

/** Where a process is in its life. */
export type LifecycleState = 'starting' | 'ready' | 'draining' | 'stopped'

/** What a probe is told. */
export interface ProbeAnswer {
  readonly status: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Who answers, as the body of a probe names it. */
export interface ProbeIdentity {
  readonly name?: string | undefined
  readonly version?: string | undefined
}

const retryAfterSeconds = 1

/**
 * The answer to a probe, or `undefined` for a target that is none. Pure.
 *
 * `/livez` passes while the process lives, draining included: a balancer that restarts a draining process loses its requests.
 * `/readyz` passes only in `ready`. `/startupz` passes once start-up is over.
 */
export function answerProbe(
  target: string,
  state: LifecycleState,
  started: boolean,
  identity: ProbeIdentity = {},
): ProbeAnswer | undefined {
  switch (pathOf(target)) {
    case '/livez':
      return describe(true, state, identity)
    case '/readyz':
      return describe(state === 'ready', state, identity)
    case '/startupz':
      return describe(started, state, identity)
    default:
      return undefined
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

function describe(pass: boolean, state: LifecycleState, identity: ProbeIdentity): ProbeAnswer {
  const body = JSON.stringify({
    status: pass ? 'pass' : 'fail',
    output: state,
    serviceId: identity.name,
    version: identity.version,
  })
  const headers = {
    'content-type': 'application/health+json',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
  }
  if (pass) return { status: 200, headers, body }
  return { status: 503, headers: { ...headers, 'retry-after': String(retryAfterSeconds) }, body }
}

/** Answers one request target at this moment. */
export type Prober = (target: string) => ProbeAnswer | undefined

/** Whether a method asks for a probe at all; every other method is left to the application. */
function asks(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD'
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
export function createProbeHandler(probe: Prober): ProbeHandler {
  return (request, response, next) => {
    const answer = asks(request.method) ? probe(request.url ?? '') : undefined
    if (answer === undefined) {
      next?.()
      return false
    }
    response.writeHead(answer.status, answer.headers)
    response.end(request.method === 'HEAD' ? undefined : answer.body)
    return true
  }
}

/** Probes for fetch-style frameworks. */
export function createProbeFetch(
  probe: Prober,
): (request: Request) => Promise<Response | undefined> {
  return async ({ method, url }) => {
    const answer = asks(method) ? probe(new URL(url).pathname) : undefined
    if (answer === undefined) return undefined
    const body = method === 'HEAD' ? null : answer.body
    return new Response(body, { status: answer.status, headers: answer.headers })
  }
}
