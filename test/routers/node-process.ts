import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  nodeRouterProcess,
  type NodeRouterProcess,
  type NodeRouterProcessOptions,
} from '@changeover/router-node'
import { freePort } from '../balancers/free-port.ts'
import type { RouterSetup, RouterUnderTest } from './router-under-test.ts'

/** The embedded router as a process of its own, in front of one service. */
export interface DetachedRouter extends RouterUnderTest {
  readonly router: NodeRouterProcess
  readonly halt: NonNullable<RouterUnderTest['halt']>
  readonly close: () => Promise<void>
}

/** One such process in front of several services. */
export interface DetachedRouters {
  /** An adapter of the process, for one service. Closing it leaves the process to the others. */
  readonly front: (service: string) => Promise<DetachedRouter>
  readonly close: () => Promise<void>
}

/** Starts it on any free port. */
export async function detachedRouter({
  service = 'shop',
}: RouterSetup = {}): Promise<DetachedRouter> {
  const routers = await detachedRouters([service])
  const front = await routers.front(service)
  return {
    ...front,
    async close() {
      await front.close()
      await routers.close()
    },
  }
}

/** Starts one process that serves each service on any free port. */
export async function detachedRouters(services: readonly string[]): Promise<DetachedRouters> {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-router-'))
  const options: NodeRouterProcessOptions = {
    directory,
    listeners: await listenersOf(services),
    timeouts: { close: '1s' },
    restart: { attempts: 50, backOff: '10ms' },
  }
  const first = nodeRouterProcess(options)
  await first.listen()
  return {
    front: (service) => frontOf(service, options),
    async close() {
      await first.shutdown()
      await first.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Ports that no outgoing connection takes while the process is being started again. */
async function listenersOf(
  services: readonly string[],
): Promise<NodeRouterProcessOptions['listeners']> {
  const ports = new Set<number>()
  while (ports.size < services.length) ports.add(await freePort())
  return Object.fromEntries([...ports].map((port, i) => [services[i], { port }]))
}

async function frontOf(
  service: string,
  options: NodeRouterProcessOptions,
): Promise<DetachedRouter> {
  const draft = join(options.directory, 'routes.json.tmp')
  const router = nodeRouterProcess(options)
  await router.listen()
  return {
    router,
    service,
    url: router.url(service),
    adapter: { package: '@changeover/router-node', factory: 'nodeRouterProcess', options },
    attach: async () => nodeRouterProcess(options),
    /** Killed; its adapters start it again. */
    async restart() {
      const before = router.pid() ?? 0
      process.kill(before, 'SIGKILL')
      while (router.pid() === undefined || router.pid() === before) await sleep(10)
    },
    async halt() {
      await router.shutdown()
      return async () => {
        await router.listen()
      }
    },
    /** Nothing can be written any more where a directory is in the way. */
    async refuseChanges() {
      mkdirSync(draft)
      return async () => rmSync(draft, { recursive: true })
    },
    close: () => router.close(),
  }
}
