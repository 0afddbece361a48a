import { type SimulationOptions, type World } from '@changeover/testing'
import { expect, test } from 'vitest'
import { seededRandom } from '../src/seeded-random.ts'
import { pick } from './drawn-simulations.ts'
import { simulationSweep, type Outcome } from './simulation-sweep.ts'
import { strategies } from './simulated-strategies.ts'

/** Drains are long and the router lags, or mistakes that need both would not show. */
const good: World = {
  readyAfter: '2s',
  stopAfter: '5s',
  convergeAfter: '10s',
  drainAfter: '45s',
  requestsPerSecond: 2_000,
  hooks: { smoke: 'succeed' },
}
const worlds: readonly (readonly [name: string, world: World, end: Outcome])[] = [
  ['is good', good, 'promoted'],
  ['fails its smoke test', { ...good, hooks: { smoke: 'fail' } }, 'rolled-back'],
  ['never gets ready', { ...good, readyAfter: 'never' }, 'rolled-back'],
]
const LEAST = 6_000

test('an engine that dies at any effect, and the one after it at any effect of its recovery, is followed by one that ends the rollout as it would have ended', async () => {
  const sweep = simulationSweep()
  const random = seededRandom(4)
  for (const strategy of strategies) {
    for (const [, world, end] of worlds) {
      // A rolling update asks no hook.
      const asks = strategy.name !== 'rolling' || world.hooks?.['smoke'] !== 'fail'
      const expected: readonly Outcome[] = [asks ? end : 'promoted']
      const options: SimulationOptions = { strategy, replicas: 2, world }
      const undisturbed = await sweep.run(options, expected)
      const points = undisturbed.points[0] ?? 0
      // Whoever waits for what never gets ready passes the same points again and again.
      const stride = end === 'promoted' ? 1 : Math.ceil(points / 200)
      for (let first = 1; first <= points; first += stride) {
        const once = await sweep.run({ ...options, faults: { crashAtPoint: [first] } }, expected)
        const recovery = once.points[1] ?? 1
        for (let again = 0; again < 2; again += 1) {
          const crashAtPoint = [first, 1 + Math.floor(random() * recovery)]
          const replicas = pick(random, [2, 3])
          await sweep.run({ ...options, replicas, faults: { crashAtPoint } }, expected)
        }
      }
    }
  }
  expect(sweep.report('crashes')).toBeGreaterThan(LEAST)
}, 400_000)
