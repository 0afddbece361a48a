import { onTestFinished } from 'vitest'
import type { RouteTable } from '@changeover/engine'
import { type NodeRouter, nodeRouter, type NodeRouterOptions } from '@changeover/router-node'

/** Instances by release, in order, and the weight of each release; a release without one has all that is left. */
export interface Shape {
  readonly releases: Readonly<Record<string, readonly string[]>>
  readonly weights?: Readonly<Record<string, number>>
  readonly revision?: number
  readonly fence?: number
}

/** A table of the service `shop`. Instances are named after their release: `v1-1`, `v1-2`. */
export function table({ releases, weights = {}, revision = 1, fence = 1 }: Shape): RouteTable {
  const rest = 10_000 - Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const pools = Object.entries(releases).map(([release, addresses]) => ({
    release,
    weight: weights[release] ?? rest,
    instances: addresses.map((address, i) => ({ id: `${release}-${i + 1}`, address })),
  }))
  return { service: 'shop', revision, fence, pools }
}

let fastPath = true

/** From now on routers read everything by `node:http`. */
export function useSlowPath(): void {
  fastPath = false
}

/** Whether routers read by themselves what is plain. */
export function onFastPath(): boolean {
  return fastPath
}

/** A router for `shop` that listens on a free port until the test ends. Its weighted sequences start at 0. */
export async function openRouter(options: Partial<NodeRouterOptions> = {}): Promise<NodeRouter> {
  const router = nodeRouter({
    listeners: { shop: { port: 0 } },
    random: () => 0,
    timeouts: { close: '1s' },
    fastPath,
    ...options,
  })
  onTestFinished(() => router.close())
  await router.listen()
  return router
}

/** A listening router with a table in force. */
export async function routedShop(
  shape: Shape,
  options: Partial<NodeRouterOptions> = {},
): Promise<NodeRouter> {
  const router = await openRouter(options)
  await router.apply(table(shape))
  return router
}
