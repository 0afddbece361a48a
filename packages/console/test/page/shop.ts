import type { Socket } from 'node:net'
import {
  approve,
  bake,
  boundRate,
  canary,
  compareRates,
  createEngine,
  judge,
  memoryFleet,
  memoryRouter,
  memoryStore,
  rolling,
  type Rollout,
  type Router,
  routerMetrics,
  type Strategy,
  type TrafficSample,
  weight,
} from '@changeover/engine'
import type { AgentView } from '../../src/api/index.ts'
import type { ConsoleOptions } from '../../src/console-options.ts'
import { openWorld, release, type World } from '../server/console-world.ts'

/** A console whose service `shop` runs release v1, with customers that never stop. */
export interface Shop extends World {
  deploy(id: string, strategy?: Strategy): Promise<Rollout>
  /** Cuts every connection and refuses new ones, until the function that it gives is called. */
  cutOff(): () => void
}

export interface ShopOptions {
  readonly replicas?: number
  /** Milliseconds until an instance is ready. */
  readonly readyAfterMs?: number
  /** Path that the console is mounted at. */
  readonly basePath?: string
}

/** Asks a person at a quarter of the traffic. */
export const asking: Strategy = canary({ steps: [weight(25), approve('go'), weight(100)] })

/**
 * Judges errors against the release before and latency against a bound, at half of the traffic. It never comes to a
 * verdict: it wants more requests than a test can wait for.
 */
export const judging: Strategy = canary({
  steps: [
    weight(50),
    judge(
      {
        errors: compareRates({ tolerance: 1.25, minRequests: 1_000_000_000 }),
        slow: boundRate({ over: '300ms', limit: 0.05, minRequests: 1_000_000_000 }),
      },
      { every: '100ms', deadline: '10m' },
    ),
    bake('5m'),
    approve('release-manager', { notRequester: true }),
    weight(100),
  ],
})

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const { replicas = 4, readyAfterMs = 0, basePath = '' } = options
  const router = busyRouter()
  const store = memoryStore()
  const fleet = memoryFleet({ readyAfterMs: () => readyAfterMs })
  const engine = createEngine({ router, fleet, store, metrics: routerMetrics(router) })
  const sockets = new Set<Socket>()
  let down = false
  const world = await openWorld({
    engine,
    store,
    router,
    migrations,
    agent,
    basePath,
    mount: (console) => (request, response) => {
      const { socket } = request
      if (down) return void socket.destroy()
      if (!sockets.has(socket)) socket.once('close', () => sockets.delete(socket))
      sockets.add(socket)
      console.handler(request, response)
    },
  })
  const deploy: Shop['deploy'] = (id, strategy = rolling()) =>
    engine.start({ service: 'shop', release: release(id), replicas, strategy, by: 'ann' })
  await (
    await deploy('v1')
  ).finished
  return {
    ...world,
    url: `${world.url}${basePath}`,
    deploy,
    cutOff() {
      down = true
      for (const socket of sockets) socket.destroy()
      return () => {
        down = false
      }
    },
  }
}

const perSecond = 2_000

interface Counts {
  total: number
  bad: number
  readonly slow: { '100': number; '300': number }
}

/** A router in memory that counts the requests of customers who are not there; more of those to v3 fail. */
function busyRouter(): Router & Required<Pick<Router, 'traffic'>> {
  const router = memoryRouter()
  const counts = new Map<string, Counts>()
  let at = Date.now()

  const count = async (service: string): Promise<void> => {
    const { table } = await router.observe(service)
    const seconds = (Date.now() - at) / 1_000
    at = Date.now()
    for (const { release: id, weight: share } of table?.pools ?? []) {
      const known = counts.get(id) ?? { total: 0, bad: 0, slow: { '100': 0, '300': 0 } }
      const requests = (seconds * perSecond * share) / 10_000
      // It goes up and down, so that a plot has something to show.
      const wave = 1 + 0.5 * Math.sin(at / 2_000)
      known.total += requests
      known.bad += requests * wave * (id === 'v3' ? 0.012 : 0.01)
      known.slow['100'] += requests * 0.2
      known.slow['300'] += requests * wave * (id === 'v3' ? 0.02 : 0.03)
      counts.set(id, known)
    }
  }
  return {
    ...router,
    async traffic(service): Promise<TrafficSample> {
      await count(service)
      return Object.fromEntries([...counts].map(([id, known]) => [id, whole(known)]))
    },
  }
}

function whole({ total, bad, slow }: Counts): TrafficSample[string] {
  const rounded = { '100': Math.round(slow['100']), '300': Math.round(slow['300']) }
  return { total: Math.round(total), bad: Math.round(bad), slow: rounded }
}

const described: AgentView = {
  version: '1.0.0',
  pid: 1,
  startedAt: 0,
  state: 'active',
  holder: 'agent-1',
  directory: '/var/lib/changeover',
  router: 'memory',
  fleet: 'memory',
  store: 'memory',
  services: ['shop'],
  configProblem: undefined,
}

const agent: NonNullable<ConsoleOptions['agent']> = {
  describe: () => described,
  reload: async () => described,
  logs: async (_, instance, lines) => `the last ${lines} lines of ${instance}`,
}

const migrations: NonNullable<ConsoleOptions['migrations']> = async (_, id) =>
  id === 'v1'
    ? undefined
    : {
        release: id,
        verdict: 'unsafe',
        findings: [
          {
            rule: 'drop-column',
            verdict: 'unsafe',
            phase: 'contract',
            place: '0007_drop_total.sql:3',
            message: 'v1 still reads orders.total.',
            fix: 'Drop it in a later release, when v1 is no release to go back to.',
          },
        ],
        pointOfNoReturn: 'contract: drop column orders.total',
      }
