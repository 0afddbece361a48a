import {
  boundRate,
  compareRates,
  compareSamples,
  judge as judgeStep,
  canary,
  type JudgeLook,
  judgeThresholds,
  LOOK_CHANNEL,
  type Metrics,
  type Step,
  weight,
} from '@changeover/engine'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { openTrial } from '../src/judgement.ts'
import { publishLook } from '../src/look-channel.ts'
import { request, setStage, type Stage } from './stage.ts'

const indicators = {
  errors: compareRates(),
  slow: boundRate({ limit: 0.05, over: '300ms', minRequests: 500 }),
  memory: compareSamples(),
}

/** Counts that grow with time, and values. */
function metricsOf(stage: () => Stage, bad: number): Metrics {
  return {
    name: 'test',
    async sample({ as, since, overMs }) {
      if (as === 'values') return { data: true, values: [1, 2, 3, 4, 5, 6, 7, 8] }
      const total = Math.floor((stage().clock.now() - since) / 10)
      return { data: true, bad: overMs === undefined ? Math.floor(total * bad) : 0, total }
    },
  }
}

test('whoever subscribes is told of every look, with counts and how far the evidence has come', async () => {
  const looks: JudgeLook[] = []
  const listen = (message: unknown): void => void looks.push(message as JudgeLook)
  const stage: Stage = setStage({ metrics: metricsOf(() => stage, 0.02) })
  await stage.deploy('v1')
  subscribe(LOOK_CHANNEL, listen)
  const strategy = canary({
    steps: [weight(50), judgeStep(indicators, { gate: 'canary', every: '10s', deadline: '10m' })],
  })
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.run(rollout.finished)
  unsubscribe(LOOK_CHANNEL, listen)

  const judged = (await stage.entries(rollout.id)).find((entry) => entry.type === 'judged')
  expect(looks.length).toBeGreaterThan(5)
  for (const { service, gate, rollout: id, indicators: all } of looks) {
    expect({ service, gate, id }).toEqual({ service: 'shop', gate: 'canary', id: rollout.id })
    expect(all.map(({ indicator }) => indicator)).toEqual(['errors', 'slow', 'memory'])
  }
  const totals = looks.map(({ indicators: [errors] }) => errors?.candidate?.total ?? -1)
  expect(totals).toEqual([...totals].toSorted((a, b) => a - b))
  const [errors, slow, memory] = looks.at(-1)!.indicators
  expect(errors).toMatchObject({ verdict: 'pass', baseline: errors?.candidate })
  expect(errors?.towards).toMatchObject([
    { verdict: 'fail', threshold: 100 },
    { verdict: 'pass', threshold: 20 },
  ])
  expect(slow?.candidate?.bad).toBe(0)
  expect(slow).not.toHaveProperty('baseline')
  expect(memory).not.toHaveProperty('towards')
  const [last] = looks.at(-1)!.indicators
  expect(judged).toMatchObject({ verdict: { reason: expect.stringContaining(last!.reason) } })
  expect(judged?.type === 'judged' && Object.keys(judged.verdict).toSorted()).toEqual([
    'evidence',
    'reason',
    'verdict',
  ])
})

test('while nobody subscribes no look is even put together', () => {
  const build = vi.fn<() => JudgeLook>()
  publishLook(build)
  expect(build).not.toHaveBeenCalled()
})

const counts = fc.record({ bad: fc.nat(60), good: fc.nat(2_000) })

test.each([
  ['compared rates', compareRates({ minRequests: 300 })],
  ['a bound', boundRate({ limit: 0.01, minRequests: 300 })],
])('the verdict of %s comes when its evidence reaches the threshold, and not before', (_, one) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(counts, counts), { minLength: 1, maxLength: 8 }), (chunks) => {
      const trial = openTrial('errors', one)
      const sums = [0, 0, 0, 0]
      for (const [i, [candidate, baseline]] of chunks.entries()) {
        const grown = [candidate.bad, candidate.good, baseline.bad, baseline.good]
        for (const [at, by] of grown.entries()) sums[at] = (sums[at] ?? 0) + by
        const [bad = 0, good = 0, otherBad = 0, otherGood = 0] = sums
        const final = i === chunks.length - 1
        const seen = trial.look({
          candidate: { data: true, bad, total: bad + good },
          baseline: { data: true, bad: otherBad, total: otherBad + otherGood },
          final,
        })
        expect(seen.candidate).toEqual({ bad, total: bad + good })
        const reached = (verdict: string): boolean =>
          bad + good >= 300 &&
          seen.towards!.some((to) => to.verdict === verdict && to.value >= to.threshold)
        const mayPass = one.kind === 'compare-rates' || final
        const pass = mayPass && reached('pass') ? 'pass' : 'inconclusive'
        expect(seen.verdict).toBe(reached('fail') ? 'fail' : pass)
      }
    }),
    { numRuns: 200 },
  )
})

test('thresholds are told in words, a line for each indicator', async () => {
  const step: Extract<Step, { step: 'judge' }> = {
    step: 'judge',
    gate: 'canary',
    indicators: {
      errors: compareRates({ tolerance: 1.25 }),
      slow: boundRate({ limit: 0.05, over: '300ms', minRequests: 500 }),
      memory: compareSamples(),
    },
    candidate: 'v2',
    baseline: 'v1',
    everyMs: 1_000,
    deadlineMs: 60_000,
  }
  expect(judgeThresholds(step)).toEqual([
    'errors: fails where the evidence for more than 1.25 times the bad rate of "v1" reaches 100, passes where that for less than 2 times reaches 20',
    'slow: bad is slower than 300ms; fails where the evidence for more than 5 % bad reaches 20, passes at the deadline where no more is 95 % sure; no verdict below 500 requests',
    'memory: compared once, at the deadline: fails where it is higher than "v1" by more than 25 % with p up to 0.01, passes where 99 % sure to be no more than that',
  ])
})
