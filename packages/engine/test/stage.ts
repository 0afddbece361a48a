import {
  createEngine,
  type Engine,
  type EngineOptions,
  type Entry,
  memoryFleet,
  type MemoryFleet,
  type MemoryFleetOptions,
  memoryRouter,
  type MemoryRouterOptions,
  memoryStore,
  type Release,
  rolling,
  type Router,
  type StartRequest,
  type Store,
} from '@changeover/engine'
import { virtualClock, type VirtualClock } from '@changeover/testing'

/** An engine on ports in memory, and a clock that the test moves. */
export interface Stage {
  readonly clock: VirtualClock
  readonly router: Router
  readonly fleet: MemoryFleet
  readonly store: Store
  readonly engine: Engine
  /** Another engine on the same ports. */
  another: (options?: Partial<EngineOptions>) => Engine
  /** Runs a whole rollout. */
  deploy: (release: string, options?: Partial<StartRequest>) => Promise<string>
  /** Ids of running instances, by release. */
  running: () => Promise<Record<string, number>>
  entries: (rollout: string) => Promise<Entry[]>
}

export function release(id: string): Release {
  return { id, version: id, spec: {} }
}

export function request(id: string, options: Partial<StartRequest> = {}): StartRequest {
  return { service: 'shop', release: release(id), replicas: 3, strategy: rolling(), ...options }
}

export function setStage(
  options: Partial<EngineOptions> & {
    fleetOptions?: MemoryFleetOptions
    routerOptions?: MemoryRouterOptions
  } = {},
): Stage {
  const { fleetOptions, routerOptions, ...engineOptions } = options
  const clock = virtualClock(1_000_000)
  const fleet = memoryFleet({ clock, readyAfterMs: () => 1_000, stopAfterMs: 100, ...fleetOptions })
  const router = memoryRouter({ clock, convergeAfterMs: 50, drainAfterMs: 200, ...routerOptions })
  const store = memoryStore({ clock })
  const another = (more: Partial<EngineOptions> = {}): Engine =>
    createEngine({ router, fleet, store, clock, ...engineOptions, ...more })
  const engine = another()
  return {
    clock,
    router,
    fleet,
    store,
    engine,
    another,
    async deploy(id, more) {
      const rollout = await clock.run(engine.start(request(id, more)))
      const { outcome } = await clock.run(rollout.finished)
      return outcome
    },
    async running() {
      const counts: Record<string, number> = {}
      for (const one of await fleet.list('shop')) {
        counts[one.release] = (counts[one.release] ?? 0) + 1
      }
      return counts
    },
    async entries(rollout) {
      const entries: Entry[] = []
      for await (const entry of store.read(rollout)) entries.push(entry)
      return entries
    },
  }
}
