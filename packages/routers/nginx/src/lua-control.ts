import type { ControlAnswer, ControlFailure, ControlRequest } from './control-client.ts'
import type { DriverParts } from './driver-parts.ts'
import { hex } from './lua-table.ts'
import { routerError } from './router-error.ts'
import { readOwnFile } from './service-files.ts'

/** Requests in flight over some instances. */
export interface Flights {
  readonly active: number
  readonly long: number
}

/** What the Lua program is asked. */
export interface LuaControl {
  /**
   * The table in shared memory as text; empty where there is none.
   *
   * @throws ChangeoverError `CHANGEOVER_NGINX_UNREACHABLE`
   */
  table(call: string, signal?: AbortSignal): Promise<string>
  /** The same; undefined where nginx does not answer. */
  tryTable(signal?: AbortSignal): Promise<string | undefined>
  put(text: string): Promise<ControlAnswer | ControlFailure>
  /** Undefined where nginx does not answer. */
  flights(
    workers: readonly number[],
    instances: readonly string[],
    signal?: AbortSignal,
  ): Promise<Flights | undefined>
  /** @throws ChangeoverError `CHANGEOVER_NGINX_UNREACHABLE` */
  traffic(signal?: AbortSignal): Promise<string>
}

/** Asks the Lua program of a service, with the token that the service's file holds. */
export function luaControl({ service, settings, paths, control }: DriverParts): LuaControl {
  const ask = async (
    request: Omit<ControlRequest, 'service' | 'token'>,
  ): Promise<ControlAnswer | ControlFailure> => {
    const token = (await readOwnFile(paths.conf).catch(() => undefined))?.head.token
    return control({ service, token, ...request })
  }
  const body = async (call: string, path: string, signal?: AbortSignal): Promise<string> => {
    const answer = await ask({ path, signal })
    signal?.throwIfAborted()
    if (!('problem' in answer) && answer.status === 200) return answer.body
    const problem = 'problem' in answer ? answer.problem : `nginx answers ${answer.status}`
    throw routerError('CHANGEOVER_NGINX_UNREACHABLE', { call, problem, where: settings.directory })
  }
  const given = async (
    request: Omit<ControlRequest, 'service' | 'token'>,
  ): Promise<string | undefined> => {
    const answer = await ask(request)
    return 'problem' in answer || answer.status !== 200 ? undefined : answer.body
  }
  return {
    table: (call, signal) => body(call, '/table', signal),
    tryTable: (signal) => given({ path: '/table', signal }),
    put: (text) => ask({ path: '/table', method: 'PUT', body: text }),
    async flights(workers, instances, signal) {
      const lines = [workers.join(' '), ...instances.map(hex)].join('\n')
      const text = await given({ path: '/flights', method: 'POST', body: lines, signal })
      const [, active, long] = /^(-?\d+) (-?\d+)$/.exec(text ?? '') ?? []
      return active === undefined
        ? undefined
        : { active: Math.max(0, Number(active)), long: Math.max(0, Number(long)) }
    },
    traffic: (signal) => body('traffic', '/traffic', signal),
  }
}
