import {
  type Instance,
  memoryFleet,
  memoryRouter,
  type Pool,
  proportionalWeights,
  type RouteTable,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { observe } from '../src/observer.ts'

const SERVICE = 'shop'
const DEADLINE = { deadline: 60_000 }
const CONVERGE_AFTER_MS = 3_000
const STOP_AFTER_MS = 1_000

describe('an engine that keeps the rules', () => {
  test('breaks none, and leaves the trace of what it did', async () => {
    const { violations, trace } = await conduct(async (engine) => {
      const fresh = await engine.launchReady('new.1')
      await engine.route([...engine.old, fresh])
      await engine.route([...engine.old.slice(1), fresh])
      await engine.drain(engine.old[0])
      await engine.stop(engine.old[0])
    })
    expect(violations).toStrictEqual([])
    expect(trace).toMatchObject([
      { at: 0, old: 3, new: 0, ready: 3 },
      { at: 0, old: 3, new: 1, ready: 4 },
      {
        at: 2 * CONVERGE_AFTER_MS + STOP_AFTER_MS,
        old: 2,
        new: 1,
        ready: 3,
        weights: { old: 6_667, new: 3_333 },
      },
    ])
  })

  test('may launch an instance again under its id', async () => {
    const { violations } = await conduct(async (engine) => {
      for (let attempt = 0; attempt < 3; attempt += 1) await engine.launchReady('new.1')
    })
    expect(violations).toStrictEqual([])
  })

  test('may stop an instance that never was in a route, once it was drained', async () => {
    const { violations } = await conduct(async (engine) => {
      const fresh = await engine.launch('new.1')
      await engine.drain(fresh)
      await engine.stop(fresh)
    })
    expect(violations).toStrictEqual([])
  })
})

describe('an engine that breaks a rule is caught', () => {
  const defects: readonly [
    defect: string,
    run: (engine: Engine) => Promise<unknown>,
    rule: number,
    violation: RegExp,
  ][] = [
    [
      'names an instance that was not seen ready',
      async ({ route, old, launch }) => route([...old, await launch('new.1')]),
      1,
      /at 0 ms: the table names new\.1, which never was ready$/,
    ],
    [
      'names an instance that is still stopping',
      async (engine) => {
        const [leaving] = await afterSurge(engine)
        await engine.drain(leaving)
        const stopping = engine.stop(leaving)
        await turns()
        await engine.apply(table(9, [...engine.old, engine.fresh()]))
        await stopping
      },
      1,
      /the table names old\.1, which was asked to stop$/,
    ],
    [
      'gives away more than there is',
      async ({ apply, old }) => {
        const [pool] = table(2, old).pools
        const pools = [{ ...pool!, weight: 10_001 }]
        await apply({ ...table(2, old), pools }).catch(() => undefined)
      },
      2,
      /at 0 ms: weights sum to 10001$/,
    ],
    [
      'stops an instance before the router follows',
      async (engine) => {
        const fresh = await engine.launchReady('new.1')
        await engine.apply(table(2, [...engine.old.slice(1), fresh]))
        await engine.drain(engine.old[0], 0)
        await engine.stop(engine.old[0])
      },
      3,
      /old\.1 is stopped before the router has converged$/,
    ],
    [
      'stops an instance because a table without it was rejected',
      async (engine) => {
        const fresh = await engine.launchReady('new.1')
        await engine.apply(table(0, [...engine.old.slice(1), fresh]))
        await engine.drain(engine.old[0])
        await engine.stop(engine.old[0])
      },
      3,
      /old\.1 is stopped while it is in a route$/,
    ],
    [
      'stops an instance that is not drained',
      async (engine) => {
        const [leaving] = await afterSurge(engine)
        await engine.stop(leaving)
      },
      3,
      /old\.1 is stopped before it was drained$/,
    ],
    [
      'drains an instance while it still gets requests, and stops it when it has left',
      async (engine) => {
        await engine.drain(engine.old[0])
        const [leaving] = await afterSurge(engine)
        await engine.stop(leaving)
      },
      3,
      /old\.1 is stopped before it was drained$/,
    ],
    [
      'stops an instance that came back into the routes after its drain',
      async (engine) => {
        const [leaving] = await afterSurge(engine)
        await engine.drain(leaving)
        await engine.route([...engine.old, engine.fresh()])
        await engine.route([...engine.old.slice(1), engine.fresh()])
        await engine.stop(leaving)
      },
      3,
      /old\.1 is stopped before it was drained$/,
    ],
    [
      'launches more than the surge allows',
      async ({ launch }) => [await launch('new.1'), await launch('new.2')],
      4,
      /at 0 ms: 5 run, 4 may$/,
    ],
    [
      'takes more out of the routes than may be missing',
      async ({ route, old }) => route(old.slice(1)),
      4,
      /at 0 ms: 2 serve, 3 must$/,
    ],
  ]

  test.each(defects)('one that %s', async (_, run, rule, violation) => {
    const { violations } = await conduct(run)
    expect(violations).toContainEqual(expect.stringMatching(violation))
    for (const broken of violations) expect(broken).toMatch(`rule ${rule}, `)
  })
})

/** What stands in for an engine: each call goes to the observed ports. */
interface Engine {
  readonly old: readonly [Instance, Instance, Instance]
  /** The instance of the new release that was launched last. */
  readonly fresh: () => Instance
  readonly launch: (id: string) => Promise<Instance>
  readonly launchReady: (id: string) => Promise<Instance>
  readonly apply: (table: RouteTable) => Promise<unknown>
  /** Applies a table that names these instances, and waits until it is followed. */
  readonly route: (instances: readonly Instance[]) => Promise<void>
  readonly drain: (instance: Instance, deadline?: number) => Promise<unknown>
  readonly stop: (instance: Instance) => Promise<unknown>
}

/** Three instances of `old` serve; four may run, and three must serve. */
async function conduct(run: (engine: Engine) => Promise<unknown>) {
  const clock = virtualClock()
  const outside = {
    clock,
    router: memoryRouter({ clock, convergeAfterMs: CONVERGE_AFTER_MS }),
    fleet: memoryFleet({ clock, stopAfterMs: STOP_AFTER_MS }),
  }
  const launchAt = (fleet: typeof outside.fleet | typeof observer.fleet, id: string) => {
    const release = { id: id.split('.')[0] ?? '', version: '1', spec: {} }
    return fleet.launch({ id, service: SERVICE, release, fence: 1 })
  }
  const old = [
    await launchAt(outside.fleet, 'old.1'),
    await launchAt(outside.fleet, 'old.2'),
    await launchAt(outside.fleet, 'old.3'),
  ] as const
  const first = table(1, old)
  await outside.router.apply(first)
  await clock.advance(CONVERGE_AFTER_MS)
  const plan = { capacity: { maxTotal: 4, minAvailable: 3 } }
  const observer = observe({ ...outside, plan, to: 'new', before: old, table: first })
  const { router, fleet } = observer
  let revision = 1
  let fresh: Instance = old[0]
  const launch = async (id: string): Promise<Instance> => (fresh = await launchAt(fleet, id))
  await clock.run(
    run({
      old,
      fresh: () => fresh,
      launch,
      async launchReady(id) {
        const instance = await launch(id)
        await fleet.probe(instance)
        return instance
      },
      apply: (table) => router.apply(table),
      async route(instances) {
        revision += 1
        const receipt = await router.apply(table(revision, instances))
        await router.converge(receipt, DEADLINE)
      },
      drain: ({ id }, deadline = 60_000) => router.drain(SERVICE, [id], { deadline }),
      stop: (instance) => fleet.stop(instance, DEADLINE),
    }),
  )
  return observer
}

/** One instance of `new` has taken the place of the first of `old` in the routes. */
async function afterSurge({ old, launchReady, route }: Engine): Promise<readonly [Instance]> {
  const fresh = await launchReady('new.1')
  await route([...old, fresh])
  await route([...old.slice(1), fresh])
  return [old[0]]
}

function table(revision: number, instances: readonly Instance[]): RouteTable {
  const releases = [...new Set(instances.map(({ release }) => release))]
  const members = releases.map((id) => instances.filter(({ release }) => release === id))
  const weights = proportionalWeights(members.map(({ length }) => length))
  const pools: Pool[] = releases.map((release, i) => {
    return { release, weight: weights[i] ?? 0, instances: members[i] ?? [] }
  })
  return { service: SERVICE, revision, fence: 1, pools }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}
