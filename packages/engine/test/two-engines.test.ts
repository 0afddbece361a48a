import {
  type Clock,
  createEngine,
  type Engine,
  type Fleet,
  memoryFleet,
  memoryRouter,
  memoryStore,
  rolling,
  type Router,
  type Store,
} from '@changeover/engine'
import { virtualClock, type VirtualClock } from '@changeover/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request, release } from './stage.ts'

/** An engine's process: it can be stopped for a while as a whole, and goes on with the very next call. */
function createProcess() {
  let thawed = Promise.resolve()
  let thaw = (): void => undefined
  let callsLeft = Infinity
  const countCall = (): void => {
    callsLeft -= 1
    if (callsLeft !== 0) return
    thawed = new Promise((resolve) => {
      thaw = resolve
    })
  }
  return {
    /** It stands still as soon as it has made so many calls more, before it sees the answer of the last. */
    freezeAfter(calls: number): void {
      callsLeft = calls
    },
    thaw(): void {
      callsLeft = Infinity
      thaw()
    },
    /** Before a call goes out, and before its answer is looked at. */
    async call<T>(work: () => Promise<T>): Promise<T> {
      await thawed
      try {
        return await work()
      } finally {
        countCall()
        await thawed
      }
    },
  }
}
type Process = ReturnType<typeof createProcess>

interface Effect {
  readonly fence: number
  readonly what: string
}

/** With `fenced` false, the fleet does not look at fences. */
function world(fenced = true) {
  const clock = virtualClock(1_000_000_000)
  const store = memoryStore({ clock })
  const fleet = memoryFleet({ clock, readyAfterMs: () => 1_000, stopAfterMs: 100 })
  const router = memoryRouter({ clock, convergeAfterMs: 500, drainAfterMs: 3_000 })
  const effects: Effect[] = []
  const engine = (process: Process, skewMs: number): Engine =>
    createEngine({
      clock: skewed(clock, process, skewMs),
      store: frozen(store, process),
      fleet: watched(fenced ? fleet : unfenced(fleet), process, effects),
      router: watchedRouter(router, process, effects),
    })
  return { clock, store, fleet, router, effects, engine }
}

function skewed(clock: VirtualClock, process: Process, skewMs: number): Clock {
  return {
    now: () => clock.now() + skewMs,
    sleep: (ms, options) => process.call(() => clock.sleep(ms, options)),
  }
}

function frozen(store: Store, process: Process): Store {
  return {
    ...store,
    append: (...args) => process.call(() => store.append(...args)),
    rollouts: (...args) => process.call(() => store.rollouts(...args)),
    lease: (...args) => process.call(() => store.lease(...args)),
    release: (...args) => process.call(() => store.release(...args)),
  }
}

function unfenced(fleet: Fleet): Fleet {
  const latest = Number.MAX_SAFE_INTEGER
  return {
    ...fleet,
    launch: (order, options) => fleet.launch({ ...order, fence: latest }, options),
    stop: (instance, options) => fleet.stop(instance, { ...options, fence: latest }),
  }
}

function watched(fleet: Fleet, process: Process, effects: Effect[]): Fleet {
  return {
    name: fleet.name,
    launch: (order, options) =>
      process.call(async () => {
        const instance = await fleet.launch(order, options)
        effects.push({ fence: order.fence, what: `launch ${order.id}` })
        return instance
      }),
    probe: (...args) => process.call(() => fleet.probe(...args)),
    stop: (instance, options) =>
      process.call(() => {
        const stopping = fleet.stop(instance, options)
        stopping.then(
          () => effects.push({ fence: options.fence ?? 0, what: `stop ${instance.id}` }),
          () => undefined,
        )
        return stopping
      }),
    list: (...args) => process.call(() => fleet.list(...args)),
  }
}

function watchedRouter(router: Router, process: Process, effects: Effect[]): Router {
  return {
    name: router.name,
    probe: () => process.call(() => router.probe()),
    observe: (...args) => process.call(() => router.observe(...args)),
    apply: (table, options) =>
      process.call(async () => {
        const receipt = await router.apply(table, options)
        if (receipt.outcome === 'applied')
          effects.push({ fence: table.fence, what: `apply ${table.revision}` })
        return receipt
      }),
    converge: (...args) => process.call(() => router.converge(...args)),
    drain: (...args) => process.call(() => router.drain(...args)),
  }
}

const strategies = {
  rolling: rolling({ minReady: '2s' }),
  flip: flip({ step: 'bake', durationMs: 20_000 }),
}

interface Moments {
  readonly strategy: keyof typeof strategies
  readonly skews: readonly [number, number]
  /** Calls of the engine. */
  readonly frozenAfter: number
  readonly frozenFor: number
}

const skew = fc.integer({ min: -300_000, max: 300_000 })
const moments: fc.Arbitrary<Moments> = fc.record({
  strategy: fc.constantFrom<keyof typeof strategies>('rolling', 'flip'),
  skews: fc.tuple(skew, skew),
  frozenAfter: fc.integer({ min: 1, max: 120 }),
  frozenFor: fc.integer({ min: 16_000, max: 60_000 }),
})

/** One engine stands still in the middle of a rollout, and another one takes over. */
async function takeOver(scene: ReturnType<typeof world>, moment: Moments) {
  const { clock, engine } = scene
  const [a, b] = [createProcess(), createProcess()]
  const [first, second] = [engine(a, moment.skews[0]), engine(b, moment.skews[1])]
  const old = await clock.run(first.start(request('v1')))
  await clock.run(old.finished)
  const strategy = strategies[moment.strategy]
  const rollout = await clock.run(first.start(request('v2', { strategy })))
  a.freezeAfter(moment.frozenAfter)
  await clock.advance(30_000)
  const resuming = second.resume({ wait: '20s' })
  await clock.advance(moment.frozenFor)
  a.thaw()
  const [resumed] = await clock.run(resuming)
  await clock.run(rollout.finished)
  if (resumed) await clock.run(resumed.finished)
  // Whoever was put off by the other one leaves the rest to whoever comes next.
  const [third] = await clock.run(engine(createProcess(), 0).resume())
  if (third) await clock.run(third.finished)
  return { rollout: rollout.id, engine: second, taken: resumed !== undefined }
}

function isSerial(effects: readonly Effect[]): boolean {
  return effects.every(({ fence }, i) => fence >= (effects[i - 1]?.fence ?? 0))
}

describe('two engines on one service', () => {
  test('make one serial history, whatever their clocks say and however long one of them stands still', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(moments, async (moment) => {
        const scene = world()
        const { rollout, engine, ...end } = await takeOver(scene, moment)
        taken += Number(end.taken)
        expect(isSerial(scene.effects)).toBe(true)
        expect(await engine.verify(rollout)).toMatchObject({ ok: true })
        const summary = (await scene.store.rollouts()).find(({ id }) => id === rollout)
        expect(['promoted', 'rolled-back']).toContain(summary?.outcome)
        const running = (await scene.fleet.list('shop')).map((one) => one.release)
        const { table } = await scene.router.observe('shop')
        expect([...new Set(running)]).toEqual(table?.pools.map((pool) => pool.release))
      }),
      { numRuns: 60 },
    )
    expect(taken).toBeGreaterThan(5)
  }, 60_000)

  test('would not, if the fleet let engines through that no longer lead', async () => {
    let broken = 0
    for (const moment of fc.sample(moments, { numRuns: 60, seed: 7 })) {
      const scene = world(false)
      await takeOver(scene, moment)
      broken += Number(!isSerial(scene.effects))
    }
    expect(broken).toBeGreaterThan(0)
  }, 60_000)
})

test('an engine whose clock is minutes ahead of the store keeps its lease', async () => {
  const { clock, engine } = world()
  const ahead = engine(createProcess(), 600_000)
  const rollout = await clock.run(
    ahead.start(request('v1', { strategy: flip({ step: 'bake', durationMs: 120_000 }) })),
  )
  expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
})

describe('a fleet', () => {
  const order = (fence: number, id: string) => ({
    id,
    service: 'shop',
    release: release('v1'),
    fence,
  })

  test('refuses launches and stops of an engine that no longer leads', async () => {
    const fleet = memoryFleet()
    const instance = await fleet.launch(order(2, 'a'))
    const stale = { code: 'CHANGEOVER_FENCE_STALE' }
    await expect(fleet.launch(order(1, 'b'))).rejects.toMatchObject(stale)
    await expect(fleet.stop(instance, { deadline: 0, fence: 1 })).rejects.toMatchObject(stale)
    expect(await fleet.list('shop')).toEqual([instance])
    await fleet.stop(instance, { deadline: 0, fence: 3 })
    await expect(fleet.launch(order(2, 'c'))).rejects.toMatchObject(stale)
  })

  test('keeps the fences of services apart', async () => {
    const fleet = memoryFleet()
    await fleet.launch(order(9, 'a'))
    const other = await fleet.launch({ ...order(1, 'b'), service: 'blog' })
    expect(other.id).toBe('b')
  })
})

test('a store takes nothing from an engine whose lease was granted to another one since', async () => {
  const { clock, store, engine } = world()
  const process = createProcess()
  const rollout = await clock.run(
    engine(process, 0).start(
      request('v1', { strategy: flip({ step: 'bake', durationMs: 60_000 }) }),
    ),
  )
  await clock.advance(2_000)
  process.freezeAfter(1)
  await clock.advance(20_000)
  await store.lease('shop', 'another', 15_000)
  const before: unknown[] = []
  for await (const entry of store.read(rollout.id)) before.push(entry)
  process.thaw()
  expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'interrupted' })
  const after: unknown[] = []
  for await (const entry of store.read(rollout.id)) after.push(entry)
  expect(after).toEqual(before)
})
