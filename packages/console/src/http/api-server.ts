import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Actor } from '../access/access.ts'
import { assertMay } from '../access/policy.ts'
import { requireRole } from '../access/roles.ts'
import { consoleError } from '../console-error.ts'
import { type Answer, sendAnswer, STREAMING } from './answer.ts'
import { readJson } from './body.ts'
import { checked, queryFields } from './checked.ts'
import { createDoorKeeper } from './door-keeper.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { type Problem, problemAnswer } from './problem.ts'
import type { Match, RouteTable } from './route-table.ts'
import type { Asked, Trail } from './trail.ts'

/** Who asks; undefined for nobody. @throws ConsoleError where credentials are refused */
export type Admit = (request: IncomingMessage) => Actor | undefined

/** A request of the API, at its path below the one that the console is mounted at. */
export interface ApiRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly search: string
  readonly admit: Admit
}

export interface ApiServerParts {
  readonly table: RouteTable
  readonly trail: Trail
  readonly problemOf: (error: unknown) => Problem
}

/** Answers requests of the API. Never rejects: what goes wrong is answered. */
export function apiServer({
  table,
  trail,
  problemOf,
}: ApiServerParts): (asked: ApiRequest) => Promise<void> {
  const keeper = createDoorKeeper()
  return async (asked) => {
    const { request, response, path } = asked
    const seen: Seen = { match: undefined, actor: undefined, body: undefined }
    try {
      if (request.method === 'OPTIONS') return sendAnswer(response, options(table, path))
      const answer = await answerTo(table, asked, seen)
      const { match, actor } = seen
      const who = actorIn(answer) ?? actor
      // A sign-out of nobody ended nothing, and must not push the others out of the log.
      if (match?.endpoint.recorded !== undefined && who !== undefined)
        await trail.accepted(askedFor(asked, { ...seen, actor: who }))
      if (answer === STREAMING) keeper.watch(response, () => isStill(asked, actor))
      else sendAnswer(response, answer)
    } catch (error) {
      const problem = problemOf(error)
      if (isRecorded(seen.match?.endpoint, problem))
        await trail.refused(askedFor(asked, seen), problem)
      sendAnswer(response, problemAnswer(problem))
    }
  }
}

const NO_QUERY = z.strictObject({})

/** What is known of a request, as far as it was looked at. */
interface Seen {
  match: Match | undefined
  actor: Actor | undefined
  body: unknown
}

async function answerTo(
  table: RouteTable,
  { request, response, path, search, admit }: ApiRequest,
  seen: Seen,
): Promise<Answer | typeof STREAMING> {
  const match = table.match(request.method ?? 'GET', path)
  const { endpoint, params } = match
  seen.match = match
  if (endpoint.action !== undefined) {
    seen.actor = admit(request)
    assertAllowed(seen.actor, endpoint.action)
  }
  const query = checked(endpoint.query ?? NO_QUERY, queryFields(search), 'query')
  if (endpoint.body) {
    seen.body = await readJson(request)
    seen.body = checked(endpoint.body, seen.body, 'body')
  }
  const param: Call['param'] = (name) => {
    const value = params[name]
    if (value !== undefined) return value
    throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: name })
  }
  return endpoint.handle({ param, body: seen.body, query, actor: seen.actor, request, response })
}

/** Whether the role allows it at all; what depends on the rollout is asked when that is known. */
function assertAllowed(actor: Actor | undefined, action: NonNullable<Endpoint['action']>): void {
  if (action === 'abort') requireRole(actor, 'approver', action)
  else assertMay(actor, action)
}

function options(table: RouteTable, path: string): Answer {
  const allowed = table.allowed(path)
  if (allowed.length === 0) throw consoleError('CHANGEOVER_CONSOLE_NOT_FOUND', { what: 'endpoint' })
  return { status: 204, headers: { allow: allowed.join(', ') } }
}

/** Of what is no command, only that somebody was kept out is worth recording. */
function isRecorded(endpoint: Endpoint | undefined, { status }: Problem): boolean {
  return endpoint?.recorded !== undefined || KEPT_OUT.has(status)
}

const KEPT_OUT: ReadonlySet<number> = new Set([401, 403, 421, 429])

function askedFor({ request, path }: ApiRequest, { match, actor, body }: Seen): Asked {
  const { service, rollout } = match?.params ?? {}
  return {
    actor,
    from: request.socket.remoteAddress,
    action:
      match?.endpoint.recorded ?? `${request.method ?? 'GET'} ${match?.endpoint.path ?? path}`,
    target: service ?? rollout,
    command: textIn(body, 'id', 100),
    reason: textIn(body, 'reason', 1_000),
  }
}

/** Whether the request would still let the same one in. Streams only look, so no role is asked for. */
function isStill({ request, admit }: ApiRequest, actor: Actor | undefined): boolean {
  try {
    return admit(request)?.name === actor?.name
  } catch {
    return false
  }
}

function actorIn(answer: Answer | typeof STREAMING): Actor | undefined {
  return answer === STREAMING ? undefined : answer.actor
}

function textIn(body: unknown, field: string, most: number): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const text: unknown = Reflect.get(body, field)
  return typeof text === 'string' ? text.slice(0, most) : undefined
}
