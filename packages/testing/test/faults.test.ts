import {
  memoryFleet,
  memoryRouter,
  memoryStore,
  rolling,
  type Router,
  type RouteTable,
  systemClock,
} from '@changeover/engine'
import {
  faultyFleet,
  faultyRouter,
  faultyStore,
  type PortFaults,
  simulate,
  virtualClock,
} from '@changeover/testing'
import { describe, expect, test } from 'vitest'

const table: RouteTable = {
  service: 'shop',
  revision: 1,
  fence: 1,
  pools: [{ release: 'a', weight: 10_000, instances: [{ id: 'a-1', address: 'a-1.test:80' }] }],
}
const request = {
  id: 'a-1',
  service: 'shop',
  fence: 1,
  release: { id: 'a', version: '1.0.0', spec: {} },
}

describe('a router behind a bad line', () => {
  test('answers unreachable where the call was lost, and has applied nothing', async () => {
    const router = faultyRouter(memoryRouter(), { lostRequests: 1, calls: ['apply'] })
    expect(await router.apply(table)).toMatchObject({ outcome: 'unreachable' })
    expect(await router.observe('shop')).toMatchObject({ revision: 0 })
  })

  test('answers indeterminate where the answer was lost, and has applied the table', async () => {
    const router = faultyRouter(memoryRouter(), { lostReplies: 1, calls: ['apply'] })
    expect(await router.apply(table)).toMatchObject({ outcome: 'indeterminate' })
    expect(await router.observe('shop')).toMatchObject({ revision: 1 })
  })

  test('keeps what it has beside the lossy calls, of a class too', async () => {
    class Counting implements Router {
      readonly #router = memoryRouter()
      get name(): string {
        return 'counting'
      }
      probe = () => this.#router.probe()
      observe = (service: string) => this.#router.observe(service)
      apply = (next: RouteTable) => this.#router.apply(next)
      converge: Router['converge'] = (...call) => this.#router.converge(...call)
      drain: Router['drain'] = (...call) => this.#router.drain(...call)
      async traffic() {
        return { a: { total: 1, bad: 0 } }
      }
      watch() {
        return () => undefined
      }
    }
    const router = faultyRouter(new Counting(), {})
    expect(router.name).toBe('counting')
    expect(await router.traffic?.('shop')).toStrictEqual({ a: { total: 1, bad: 0 } })
    expect(router.watch?.('shop', () => undefined)).toBeTypeOf('function')
  })
})

test('a fleet behind a bad line may have launched what it says it could not', async () => {
  const memory = memoryFleet()
  const fleet = faultyFleet(memory, { lostReplies: 1, atMost: 1 })
  await expect(fleet.launch(request)).rejects.toThrow('the answer to launch was lost')
  expect(await fleet.launch(request)).toMatchObject({ id: 'a-1' })
  expect(await memory.list('shop')).toHaveLength(1)
})

test('a call through a slow line takes its time', async () => {
  const clock = virtualClock()
  const store = faultyStore(memoryStore({ clock }), { delay: '2s', clock })
  await clock.run(store.rollouts())
  expect(clock.now()).toBe(2_000)
})

describe('faults that would be none are refused before anything is called:', () => {
  const clock = systemClock()

  test.each<[string, string, PortFaults]>([
    ['a misspelt fault', 'lostReplys', { lostReplys: 0.1 } as PortFaults],
    ['a probability above 1', 'lostReplies', { lostReplies: 10 }],
    ['a probability below 0', 'lostRequests', { lostRequests: -0.1 }],
    ['a probability that is no number', 'lostRequests', { lostRequests: Number.NaN }],
    ['a seed that is no whole number', 'seed', { seed: 0.5 }],
    ['half a fault', 'atMost', { atMost: 0.5 }],
    ['a call of another port', 'calls.0', { calls: ['fly'] }],
    ['a delay that nobody sleeps for', 'clock', { delay: '1s' }],
    ['a clock that does not sleep', 'clock', { clock: { now: () => 0 } as typeof clock }],
  ])('%s', (_, field, faults) => {
    const wraps: [string, () => unknown][] = [
      ['faultyRouter', () => faultyRouter(memoryRouter(), faults)],
      ['faultyFleet', () => faultyFleet(memoryFleet(), faults)],
      ['faultyStore', () => faultyStore(memoryStore(), faults)],
    ]
    for (const [name, wrap] of wraps) {
      expect(wrap).toThrow(
        expect.objectContaining({
          code: 'CHANGEOVER_OPTION_INVALID',
          details: expect.objectContaining({
            field: `${name}.${field}`,
            remedy: expect.stringMatching(/^(Give|Name) /),
          }),
        }),
      )
    }
  })

  test('a delay that is no duration', () => {
    const wrap = (): unknown => faultyStore(memoryStore(), { delay: 'soon', clock })
    expect(wrap).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_DURATION_INVALID',
        details: { field: 'faultyStore.delay', value: 'soon' },
      }),
    )
  })

  test.each<[string, () => unknown, string]>([
    ['a router', () => faultyRouter({} as Router, {}), 'faultyRouter.router'],
    ['a fleet', () => faultyFleet(memoryRouter() as never, {}), 'faultyFleet.fleet'],
    ['a store', () => faultyStore(undefined as never, {}), 'faultyStore.store'],
    ['faults', () => faultyRouter(memoryRouter(), undefined as never), 'faultyRouter'],
  ])('%s that is none', (_, wrap, field) => {
    const details = expect.objectContaining({ field })
    expect(wrap).toThrow(expect.objectContaining({ code: 'CHANGEOVER_OPTION_INVALID', details }))
  })

  test.each([
    ['lost', { lost: { lostReplies: 0.1, calls: ['stpo'] } }],
    ['store', { store: { lostReplies: 0.1, calls: ['stop'] } }],
  ])('a call that there is not, in a simulation: %s', async (port, faults) => {
    const run = simulate({ strategy: rolling(), replicas: 1, faults })
    await expect(run).rejects.toMatchObject({
      details: { field: `simulate.faults.${port}.calls.0` },
    })
  })
})

test('in a simulation the calls of the router and of the fleet are named together', async () => {
  const lost = { lostReplies: 1, atMost: 1, calls: ['apply', 'launch'] }
  const run = await simulate({ strategy: rolling(), replicas: 2, faults: { lost } })
  expect(run).toMatchObject({ outcome: 'promoted', violations: [] })
})
