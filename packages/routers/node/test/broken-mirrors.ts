import type { Router, RouteTable } from '@changeover/engine'
import { changed } from './broken-tables.ts'

/** A way to break a router, and the sentence about copies that finds it. */
export type BrokenMirror = readonly [
  defect: string,
  breakIt: (router: Router) => Partial<Router>,
  sentence: string,
]

/** One for each sentence about copies of requests. */
export const brokenMirrors: readonly BrokenMirror[] = [
  [
    'copies twice as much',
    (router) =>
      changed(router, (table) => mirrored(table, (weight) => Math.min(10_000, 2 * weight))),
    'the share of requests that a mirror names is copied, and every answer is that of the release that was asked',
  ],
  [
    'sends half of all requests to the mirror alone',
    (router) => changed(router, (table) => (table.mirror ? halved(table) : table)),
    'a mirror that does not answer, fails or is gone holds no request up and fails none',
  ],
  [
    'copies on after the table without a mirror',
    clinging,
    'once the next table has converged, nothing is copied any more',
  ],
  [
    'counts copies for nobody',
    (router) => ({
      async traffic(service) {
        const { b: _copies, ...others } = (await router.traffic?.(service)) ?? {}
        return others
      },
    }),
    'where the router counts, copies count for the release that they went to, and for no other',
  ],
  [
    'says that nothing is in flight while copies are',
    () => ({ drain: async () => ({ drained: true, inFlight: 0, longLived: 0, forced: 0 }) }),
    'an instance is not drained before the copies that it was sent have ended',
  ],
]

function mirrored(table: RouteTable, change: (weight: number) => number): RouteTable {
  const { mirror } = table
  return mirror ? { ...table, mirror: { ...mirror, weight: change(mirror.weight) } } : table
}

function halved({ mirror: _mirror, ...table }: RouteTable): RouteTable {
  return { ...table, pools: table.pools.map((pool) => ({ ...pool, weight: 5_000 })) }
}

function clinging(router: Router): Partial<Router> {
  let mirror: RouteTable['mirror']
  return changed(router, (table) => {
    mirror = table.mirror ?? mirror
    return mirror ? { ...table, mirror } : table
  })
}
