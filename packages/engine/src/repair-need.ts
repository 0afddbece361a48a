import type { Instance } from './instance.ts'
import type { Release } from './release.ts'
import type { ObservedRoutes } from './router.ts'
import { FULL_WEIGHT, routesAlike } from './route-table.ts'

/** What is there of a service between two rollouts. */
export interface ServiceSight {
  /** All that run, of whatever release. */
  readonly running: readonly Instance[]
  /** Ids of those that are ready. */
  readonly ready: ReadonlySet<string>
  readonly routes: Pick<ObservedRoutes, 'drift' | 'table'>
}

/** What should be there. */
export interface ServiceWish {
  readonly service: string
  readonly current: Release
  readonly replicas: number
  /** A rollout ended where nobody knew better: its routes stay as they are while anybody serves. */
  readonly frozen: boolean
}

/** What is wrong. */
export interface RepairNeed {
  /** Ready instances of the current release, which the router does not lead to as it should. */
  readonly reroute: boolean
  /** Instances of the current release that do not run. */
  readonly missing: number
  /** Those that run and are not ready. */
  readonly unready: number
  readonly ready: number
}

/** What a service lacks of its current release; undefined where nothing is wrong that may be put right. Pure. */
export function repairNeed(sight: ServiceSight, wish: ServiceWish): RepairNeed | undefined {
  const { running, ready, routes } = sight
  const { service, current, replicas, frozen } = wish
  if (frozen && serves(sight)) return undefined
  const own = running.filter(({ release }) => release === current.id)
  const instances = own.filter(({ id }) => ready.has(id))
  const pools = [{ release: current.id, weight: FULL_WEIGHT, instances }]
  const right =
    routes.table !== undefined &&
    routes.drift.length === 0 &&
    routesAlike(routes.table, { service, revision: 0, fence: 0, pools })
  const need = {
    reroute: !right && instances.length > 0,
    missing: Math.max(0, replicas - own.length),
    unready: own.length - instances.length,
    ready: instances.length,
  }
  return need.reroute || need.missing + need.unready > 0 ? need : undefined
}

/** Whether anybody that the router sends requests is there to answer. */
function serves({ ready, routes }: ServiceSight): boolean {
  const served = routes.table?.pools.filter(({ weight }) => weight > 0) ?? []
  return served.some(({ instances }) => instances.some(({ id }) => ready.has(id)))
}
