import { randomUUID } from 'node:crypto'
import { systemClock, type Unsubscribe } from '@changeover/engine'
import type { NodeRouter } from '../node-router.ts'
import { routerError } from '../router-error.ts'
import { type CallTarget, stopProcess } from './call-process.ts'
import { withinLimit } from './call-limit.ts'
import { processLink } from './process-link.ts'
import {
  type NodeRouterProcessOptions,
  parseProcessOptions,
  type ProcessSettings,
} from './process-options.ts'
import { processPort } from './process-port.ts'

/** An adapter of a router that runs in a process of its own. */
export interface NodeRouterProcess extends NodeRouter {
  /**
   * Finds the process, or starts it. The first call of any other operation does so too.
   *
   * @returns the address of each service
   * @throws ChangeoverError `CHANGEOVER_ROUTER_PROCESS_DIFFERS`, `CHANGEOVER_ROUTER_PROCESS_FAILED`,
   * `CHANGEOVER_ROUTER_PROCESS_MISSING`, `CHANGEOVER_ROUTER_STATE_UNREADABLE`, `CHANGEOVER_ROUTER_LISTEN_FAILED`,
   * `CHANGEOVER_ROUTER_CLOSED`
   */
  listen(): Promise<Readonly<Record<string, string>>>
  /** Calls the listener when another adapter changed the routes, and when the process ended or serves again. */
  watch(service: string, listener: (drift: readonly string[]) => void): Unsubscribe
  /** Process id of the router; undefined while there is none, or none was asked for. */
  pid(): number | undefined
  /**
   * Ends the process, whichever adapter started it, as SIGTERM does: it accepts nothing more, and waits for the answers under
   * way until `timeouts.close`. Resolves when it has ended. Its tables stay in the directory, and `listen()` starts it again.
   *
   * @throws ChangeoverError `CHANGEOVER_ROUTER_PROCESS_STUCK` where it has not ended `callTimeout` after that
   */
  shutdown(): Promise<void>
  /** Ends the adapter alone: the process serves on, for the next adapter. Calling it again gives the same promise. */
  close(): Promise<void>
}

/**
 * The router of `nodeRouter` in a process of its own, which outlives this one: an engine that is started anew finds it
 * serving, and goes on. Each table is written down before it is in force, so that the process too may die at any moment: it
 * is started again and serves the last table at once, and an older fence is refused for ever.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`, `CHANGEOVER_ROUTER_PROCESS_PLATFORM`
 * @example
 * ```ts
 * const router = nodeRouterProcess({ directory: '/var/lib/shop/router', listeners: { shop: { port: 8080 } } })
 * await router.listen() // finds it, or starts it
 * const engine = createEngine({ router, fleet, store })
 * await engine.close()
 * await router.close() // it serves on
 * ```
 */
export function nodeRouterProcess(options: NodeRouterProcessOptions): NodeRouterProcess {
  const settings = parseProcessOptions(options)
  const { files, services, signal } = settings
  const target: CallTarget = { socketPath: files.socket, adapter: randomUUID() }
  const clock = systemClock()
  const closing = new AbortController()
  const watchers = new Map(
    services.map((name) => [name, new Set<(drift: readonly string[]) => void>()]),
  )
  const tell = (service: string, news: string): void => {
    for (const watcher of watchers.get(service) ?? []) watcher([news])
  }
  const link = processLink(settings, target, clock, {
    onNotice: ({ service, drift }) => tell(service, drift),
    onNews: (news) => services.forEach((service) => tell(service, news)),
  })

  const shut = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort)
    closing.abort()
    link.close()
    for (const service of services) watchers.get(service)?.clear()
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= shut())
  const onAbort = (): void => void close()
  const known = (service: string): void => {
    if (watchers.has(service)) return
    const names = services.join(', ')
    throw routerError('CHANGEOVER_ROUTER_SERVICE_UNKNOWN', { service, known: names })
  }

  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return {
    name: 'node-process',
    ...processPort({ settings, target, link, clock, closing: closing.signal }),
    async listen() {
      if (closed) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call: 'listen' })
      return (await link.open()).urls
    },
    url(service) {
      known(service)
      const state = link.state()
      const url = state.name === 'up' ? state.hello.urls[service] : undefined
      if (url !== undefined) return url
      throw routerError('CHANGEOVER_ROUTER_NOT_LISTENING', { service })
    },
    watch(service, listener) {
      known(service)
      watchers.get(service)?.add(listener)
      return () => watchers.get(service)?.delete(listener)
    },
    pid() {
      const state = link.state()
      return state.name === 'up' ? state.hello.pid : undefined
    },
    shutdown: () => shutDown(settings, target),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws ChangeoverError `CHANGEOVER_ROUTER_PROCESS_STUCK` */
async function shutDown({ files, stopMs }: ProcessSettings, target: CallTarget): Promise<void> {
  try {
    await withinLimit(stopMs, [], ({ signal }) => stopProcess(target, signal))
  } catch (error) {
    const details = { directory: files.directory, withinMs: stopMs }
    throw routerError('CHANGEOVER_ROUTER_PROCESS_STUCK', details, error)
  }
}
