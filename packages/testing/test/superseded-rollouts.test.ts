import type { Simulation, World } from '@changeover/testing'
import { simulate } from '@changeover/testing'
import { expect, test } from 'vitest'
import { seededRandom } from '../src/seeded-random.ts'
import { pick } from './drawn-simulations.ts'
import { simulationSweep, type Outcome } from './simulation-sweep.ts'
import { strategies } from './simulated-strategies.ts'

const world: World = {
  readyAfter: '2s',
  stopAfter: '5s',
  convergeAfter: '10s',
  drainAfter: '45s',
  requestsPerSecond: 2_000,
  hooks: { smoke: 'succeed' },
}
const SECONDS = [0, 20, 45, 90, 160, 240, 400, 3_600]
const LEAST = 160

/** Ends of the rollouts, in their order. */
const endsOf = ({ journal }: Simulation): string[] =>
  journal.flatMap((entry) => (entry.type === 'finished' ? [entry.outcome] : []))

test('a third release, whenever it comes and whatever dies meanwhile, takes the place of the second', async () => {
  const sweep = simulationSweep()
  const random = seededRandom(12)
  const firstEnds = new Set<string>()
  for (const strategy of strategies) {
    for (const second of SECONDS) {
      const supersede = { at: `${second}s`, strategy: pick(random, strategies) }
      const options = { strategy, replicas: pick(random, [2, 3]), world, supersede }
      const undisturbed = await sweep.run(options, ['promoted'])
      expect(undisturbed.trace.at(-1)).toMatchObject({ old: 0, new: options.replicas })
      expect(endsOf(undisturbed)).toHaveLength(2)
      firstEnds.add(endsOf(undisturbed)[0] ?? '')
      const points = undisturbed.points[0] ?? 1
      for (let crash = 0; crash < 6; crash += 1) {
        const crashAtPoint = [1 + Math.floor(random() * points), 1 + Math.floor(random() * 100)]
        await sweep.run({ ...options, faults: { crashAtPoint } }, ['promoted'])
      }
    }
  }
  // Early it is taken back, late it had all traffic.
  expect(firstEnds).toEqual(new Set(['promoted', 'rolled-back']))
  expect(sweep.report('superseded')).toBeGreaterThan(LEAST)
}, 300_000)

test.each<[string, World, Outcome]>([
  ['never gets ready', { ...world, readyAfter: 'never' }, 'rolled-back'],
  ['is worse than the first', { ...world, errors: { old: 0.001, new: 0.3 } }, 'rolled-back'],
])('a third release that %s leaves the first one in place', async (_, bad, outcome) => {
  const [, gatedCanary] = strategies
  const run = await simulate({
    strategy: gatedCanary,
    replicas: 2,
    world: bad,
    supersede: { at: '1m' },
  })
  expect(run).toMatchObject({ outcome, violations: [] })
  expect(run.trace.at(-1)).toMatchObject({ old: 2, new: 0 })
})

test('without a time at which it comes, a third release is refused before anything begins', async () => {
  const options = { strategy: strategies[0], replicas: 2, supersede: { at: 'soon' } }
  await expect(simulate(options)).rejects.toMatchObject({ code: 'CHANGEOVER_DURATION_INVALID' })
})
