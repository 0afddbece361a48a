import type { Duration } from '@changeover/engine'
import type { World } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../src/seeded-random.ts'
import type { ProcessFate } from '../src/simulated-process.ts'
import { pick } from './drawn-simulations.ts'
import { type Disaster, type RepairCase, simulateRepair } from './repair-simulation.ts'

const world: World = { readyAfter: '2s', stopAfter: '5s', convergeAfter: '10s', drainAfter: '20s' }
const disasters: readonly [Disaster, ...Disaster[]] = [
  'reboot',
  'stale-reboot',
  'loss',
  'oblivion',
  'sickness',
]

describe.each(disasters)('after a %s between two rollouts', (disaster) => {
  const random = seededRandom(17)
  const base: RepairCase = {
    replicas: 3,
    world,
    disasters: [{ at: 1_000, disaster }],
    engines: [[]],
    seed: 1,
  }

  test('the service becomes what it was, by one repair', async () => {
    expect(await simulateRepair(base)).toMatchObject({ violations: [], ends: ['promoted'] })
  })

  test('whatever call an engine dies at, the next one brings it to the same end', async () => {
    const { points } = await simulateRepair(base)
    const problems = new Map<string, number>()
    for (let first = 1; first <= points; first += 1 + Math.floor(random() * 2)) {
      const { violations } = await simulateRepair({ ...base, engines: [[{ diesAt: first }]] })
      for (const one of violations) problems.set(one.replaceAll(/\d+/g, 'n'), first)
    }
    expect(points).toBeGreaterThan(20)
    expect([...problems]).toEqual([])
  }, 60_000)

  test('whatever call an engine is suspended at, it does no harm when it wakes up beside another one', async () => {
    const { points } = await simulateRepair(base)
    const problems = new Map<string, number>()
    for (let first = 1; first <= points; first += 1 + Math.floor(random() * 5)) {
      const engines = [[{ stallsAt: first, stallMs: 120_000 }], []]
      const { violations } = await simulateRepair({ ...base, engines })
      for (const one of violations) problems.set(one.replaceAll(/\d+/g, 'n'), first)
    }
    expect([...problems]).toEqual([])
  }, 60_000)
})

test('whatever happens again and again, whoever dies, and however bad the line is, one or two engines bring a service back', async () => {
  const random = seededRandom(41)
  const problems = new Map<string, string>()
  for (let n = 0; n < 150; n += 1) {
    const drawn = draw(random, n)
    const { violations } = await simulateRepair(drawn)
    for (const one of violations) problems.set(one.replaceAll(/\d+/g, 'n'), JSON.stringify(drawn))
  }
  expect([...problems]).toEqual([])
}, 120_000)

function draw(random: () => number, seed: number): RepairCase {
  const some = (most: number): undefined[] =>
    Array.from({ length: 1 + Math.floor(random() * most) })
  return {
    replicas: 1 + Math.floor(random() * 4),
    world: {
      readyAfter: pick<NonNullable<World['readyAfter']>>(random, ['1s', '20s', ['1s', '60s']]),
      stopAfter: '5s',
      convergeAfter: pick<Duration>(random, [0, '10s', '30s']),
      drainAfter: '10s',
    },
    disasters: some(3).map((_, i) => ({
      at: 1_000 + (i === 0 ? 0 : Math.floor(random() * 120_000)),
      disaster: pick(random, disasters),
    })),
    engines: some(2).map(() => (random() < 0.4 ? [] : some(3).map(() => drawFate(random)))),
    ...(random() < 0.3 ? { lost: { lostRequests: 0.05, lostReplies: 0.05, atMost: 2 } } : {}),
    seed,
  }
}

function drawFate(random: () => number): ProcessFate {
  const point = 1 + Math.floor(random() ** 2 * 120)
  return random() < 0.6 ? { diesAt: point } : { stallsAt: point, stallMs: 120_000 }
}
