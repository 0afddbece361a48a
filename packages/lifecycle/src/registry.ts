import { trackConnections } from './connections.ts'
import type { HttpServer } from './connections.ts'
import { addHook } from './hooks.ts'
import type { Hook, HookList } from './hooks.ts'
import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import type { LifecycleState } from './health.ts'
import type { AttachedServer } from './shutdown.ts'
import { createTerminator } from './terminator.ts'
import { isWebSocketServer } from './web-sockets.ts'
import type { WebSocketServerLike } from './web-sockets.ts'

/** What start-up registered with a lifecycle, for its shutdown. */
export interface Registry {
  readonly attach: (server: HttpServer | WebSocketServerLike) => void
  readonly onDrain: (name: string, hook: Hook) => void
  readonly onStop: (name: string, hook: Hook) => void
  readonly registered: () => {
    servers: readonly AttachedServer[]
    webSocketServers: readonly WebSocketServerLike[]
    drainHooks: HookList
    stopHooks: HookList
  }
}

/** Nothing is registered yet. */
export function createRegistry(state: () => LifecycleState): Registry {
  const servers = new Map<HttpServer, AttachedServer>()
  const webSocketServers = new Set<WebSocketServerLike>()
  const drainHooks: HookList = new Map()
  const stopHooks: HookList = new Map()
  return {
    attach: (server) => {
      refuseLate('attach', state())
      if (isWebSocketServer(server)) {
        if (webSocketServers.has(server)) throw alreadyAttached()
        webSocketServers.add(server)
        return
      }
      if (servers.has(server)) throw alreadyAttached()
      const connections = trackConnections(server)
      servers.set(server, { connections, terminator: createTerminator() })
    },
    onDrain: (name, hook) => {
      refuseLate('onDrain', state())
      addHook(drainHooks, name, hook)
    },
    onStop: (name, hook) => {
      refuseLate('onStop', state())
      addHook(stopHooks, name, hook)
    },
    registered: () => ({
      servers: [...servers.values()],
      webSocketServers: [...webSocketServers],
      drainHooks,
      stopHooks,
    }),
  }
}

/**
 * Refuses what only makes sense before the drain.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_DRAINING`
 */
export function refuseLate(call: string, state: LifecycleState): void {
  if (state === 'starting' || state === 'ready') return
  throw refuse('CHANGEOVER_LIFECYCLE_DRAINING', { call, state })
}

function alreadyAttached(): LifecycleError {
  return refuse('CHANGEOVER_LIFECYCLE_SERVER_ATTACHED')
}
