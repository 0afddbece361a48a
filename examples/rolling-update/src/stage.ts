import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine, fileStore } from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import { type NodeRouter, nodeRouter } from '@changeover/router-node'

/** The service that the demo updates. */
export const SERVICE = 'shop'

/** Everything that a rollout needs, on this machine and with nothing installed. */
export interface Stage {
  readonly engine: Engine
  readonly router: NodeRouter
  /** Where the shop is reached. */
  readonly url: string
  /** Each instance adds a line for each request that it executes: the request's id. */
  readonly ordersFile: string
  /** The ids of the requests that were executed so far, repetitions included. */
  orders(): Promise<readonly string[]>
  /** Stops all instances, frees the port and removes what was written. Calling it again gives the same promise. */
  close(): Promise<void>
}

/** Opens the router, the fleet, the store and the engine. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'changeover-demo-'))
  const ordersFile = join(directory, 'orders.txt')
  const router = nodeRouter({ listeners: { [SERVICE]: { port: 0 } } })
  // Whatever becomes of this process, `kill -9` included: its instances end with it.
  const fleet = processFleet({ orphans: 'stop' })
  const store = fileStore({ directory: join(directory, 'store') })
  const engine = createEngine({ router, fleet, store, newId: shortIds() })
  let closing: Promise<void> | undefined

  const shut = async (): Promise<void> => {
    await engine.close()
    await Promise.all([fleet.close(), router.close(), store.close()])
    await rm(directory, { recursive: true })
  }
  try {
    await router.listen()
  } catch (error) {
    await shut()
    throw error
  }
  return {
    engine,
    router,
    url: router.url(SERVICE),
    ordersFile,
    orders: async () => (await readFile(ordersFile, 'utf8')).split('\n').filter(Boolean),
    close: () => (closing ??= shut()),
  }
}

/** Names that people can tell apart: shop-1, shop-2. The store is new each time, so they are never used twice. */
function shortIds(): (prefix: string) => string {
  let count = 0
  return (prefix) => `${prefix}-${(count += 1)}`
}
