import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type ObservedRoutes, refuse, type Router } from '@changeover/engine'
import { nodeRouterProcess, type NodeRouterProcess } from '@changeover/router-node'
import type { Logger } from 'pino'
import { agentError, codeOf, wordsOf } from './agent-error.ts'
import { type RoutedService, serviceMemory } from './service-memory.ts'

/** The embedded router: a process of its own for each service, so that one can come, go and change beside the others. */
export interface ServiceRouters extends Router {
  /**
   * Makes the router of a service, or leaves it as it is. With other options than it has, the process changes with the next
   * `listen`.
   *
   * @returns whether it is new
   * @throws ChangeoverError what the router says of its options
   */
  set(service: RoutedService): boolean
  /**
   * Makes the routers of services that had one before: what is no longer in the config serves on. One that cannot be made any
   * more is left alone, and told of: it keeps none of the others from starting.
   */
  setRemembered(): void
  /** Ends the router of a service, after its requests. */
  remove(service: string): Promise<void>
  /** Finds or starts the router of a service. @returns where it is reached */
  listen(service: string): Promise<string>
  /** Where each service is reached, as far as known. */
  urls(): Readonly<Record<string, string>>
  /** The processes serve on. */
  close(): Promise<void>
}

interface Served {
  readonly service: RoutedService
  readonly router: NodeRouterProcess
  url: string | undefined
}

export function serviceRouters(directory: string, logger: Logger): ServiceRouters {
  const all = new Map<string, Served>()
  const memory = serviceMemory(directory)
  const of = (service: string): Served => {
    const served = all.get(service)
    if (served) return served
    const known = [...all.keys()].join(', ')
    throw agentError('CHANGEOVER_AGENT_SERVICE_UNKNOWN', { service, known, file: 'the config' })
  }
  const remove = async (service: string): Promise<void> => {
    const served = all.get(service)
    if (served === undefined) return
    all.delete(service)
    memory.forget(service)
    await served.router.shutdown()
    await served.router.close()
  }
  const set = ({ name, listen, router: options }: RoutedService): boolean => {
    const service = { name, listen, router: options }
    const before = all.get(name)
    if (before && isDeepStrictEqual(before.service, service)) return false
    const router = makeRouter(join(directory, name), service, logger)
    memory.keep(service)
    all.set(name, { service, router, url: undefined })
    void before?.router.close()
    return before === undefined
  }
  const setQuietly = (service: RoutedService): void => {
    try {
      set(service)
    } catch (error) {
      const told = { service: service.name, reason: wordsOf(error) }
      logger.warn(told, 'router of a service that is no longer in the config is left alone')
    }
  }
  return {
    ...routerOf(all, of),
    set,
    setRemembered() {
      for (const service of memory.all()) if (!all.has(service.name)) setQuietly(service)
    },
    remove,
    async listen(service) {
      const served = of(service)
      const urls = await openRouter(served.router, service, logger)
      served.url = urls[service]
      return served.url ?? ''
    },
    urls: () =>
      Object.fromEntries(
        [...all].flatMap(([name, { url }]) => (url === undefined ? [] : [[name, url]])),
      ),
    async close() {
      await Promise.all([...all.values()].map(({ router }) => router.close()))
    },
  }
}

/** Asks the router of the service that is meant. */
function routerOf(all: ReadonlyMap<string, Served>, of: (service: string) => Served): Router {
  return {
    name: 'node-process',
    async probe(options) {
      const [any] = all.values()
      return (any ?? of('any')).router.probe(options)
    },
    // Of a service that only its history knows, there is nothing in force.
    observe: async (service, options) =>
      (await all.get(service)?.router.observe(service, options)) ?? nothingIn(service),
    apply: async (table, options) => of(table.service).router.apply(table, options),
    converge: async (receipt, options) => of(receipt.service).router.converge(receipt, options),
    drain: async (service, instances, options) =>
      of(service).router.drain(service, instances, options),
    traffic: async (service, options) =>
      (await of(service).router.traffic?.(service, options)) ?? {},
    watch: (service, listener) => of(service).router.watch(service, listener),
  }
}

function nothingIn(service: string): ObservedRoutes {
  return { service, table: undefined, revision: 0, fence: 0, converged: true, drift: [] }
}

function makeRouter(directory: string, service: RoutedService, logger: Logger): NodeRouterProcess {
  const { name, listen, router } = service
  const { tls, ...options } = router
  const { port, host } = listen ?? { port: 0, host: '127.0.0.1' }
  const identity = tls && { cert: pem(tls.cert), key: pem(tls.key) }
  return nodeRouterProcess({
    ...options,
    directory,
    listeners: { [name]: { port, host, ...(identity ? { tls: identity } : {}) } },
    logger,
  })
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw refuse(
      'CHANGEOVER_OPTION_INVALID',
      {
        field: 'tls',
        value: file,
        problem: wordsOf(error),
        remedy: 'Name a PEM file that the agent may read.',
      },
      error,
    )
  }
}

/** One with other options than ours, from before the config or the program changed, ends its requests and makes way. */
async function openRouter(
  router: NodeRouterProcess,
  service: string,
  logger: Logger,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await router.listen()
  } catch (error) {
    if (codeOf(error) !== 'CHANGEOVER_ROUTER_PROCESS_DIFFERS') throw error
    logger.warn({ service, reason: wordsOf(error) }, 'router is started anew')
    await router.shutdown()
    return router.listen()
  }
}
