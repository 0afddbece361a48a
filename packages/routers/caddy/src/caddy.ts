import type { ChangeoverError } from '@changeover/engine'
import type { Admin, AdminCall, AdminReply } from './admin.ts'
import { type OldServers, readDurable, readInFlight, readOldServers } from './admin-facts.ts'
import { parseJson } from './json.ts'
import { routerError } from './router-error.ts'
import { replyProblem, type RouteState, routeState } from './route-state.ts'

type Answer = Extract<AdminReply, { kind: 'answer' }>

/** Questions to one Caddy. All of them throw the signal's reason when that aborts. */
export interface Caddy {
  /** @throws ChangeoverError `CHANGEOVER_CADDY_UNREACHABLE`, `CHANGEOVER_CADDY_REPLY_INVALID` */
  route(id: string, signal?: AbortSignal): Promise<Exclude<RouteState, { kind: 'unreadable' }>>
  /** A server of the HTTP app. @throws as {@link Caddy.route} */
  server(name: string, signal?: AbortSignal): Promise<{ value: unknown; etag: string | undefined }>
  /** Undefined where Caddy does not tell. */
  inFlight(signal?: AbortSignal): Promise<ReadonlyMap<string, number> | undefined>
  /** Undefined where Caddy does not tell. */
  oldServers(signal?: AbortSignal): Promise<OldServers | undefined>
  /** Whether it starts again with what it was told last. @throws as {@link Caddy.route} */
  durable(signal?: AbortSignal): Promise<boolean>
  change: Admin
}

/** @param where the admin endpoint, for messages */
export function caddy(admin: Admin, where: string): Caddy {
  const get = (path: string, signal?: AbortSignal): Promise<AdminReply> =>
    admin({ method: 'GET', path, signal })

  async function answer(path: string, signal?: AbortSignal): Promise<Answer> {
    const reply = await get(path, signal)
    if (reply.kind === 'answer') return reply
    throw unreachable(path, reply.problem, where)
  }

  async function text(path: string, signal?: AbortSignal): Promise<string> {
    const reply = await get(path, signal)
    return reply.kind === 'answer' && reply.status === 200 ? reply.body : ''
  }

  return {
    async route(id, signal) {
      const path = `/id/${id}`
      const state = routeState(id, await answer(path, signal))
      if (state.kind !== 'unreadable') return state
      throw invalid(path, state.problem, where)
    },
    async server(name, signal) {
      const path = `/config/apps/http/servers/${encodeURIComponent(name)}`
      const { status, body, etag } = await answer(path, signal)
      return { value: status === 200 ? parseJson(body) : undefined, etag }
    },
    inFlight: async (signal) => readInFlight(await text('/reverse_proxy/upstreams', signal)),
    oldServers: async (signal) =>
      readOldServers(await text('/debug/pprof/goroutine?debug=1', signal)),
    async durable(signal) {
      const path = '/config/admin'
      const { status, body } = await answer(path, signal)
      if (status >= 500 || (status === 200 && parseJson(body) === undefined))
        throw invalid(path, replyProblem(status, body), where)
      return readDurable(await text('/debug/pprof/cmdline', signal), body)
    },
    change: admin,
  }
}

function unreachable(path: string, problem: string, where: string): ChangeoverError {
  const call: AdminCall['method'] = 'GET'
  return routerError('CHANGEOVER_CADDY_UNREACHABLE', { call: `${call} ${path}`, problem, where })
}

function invalid(path: string, problem: string, where: string): ChangeoverError {
  return routerError('CHANGEOVER_CADDY_REPLY_INVALID', { call: `GET ${path}`, problem, where })
}
