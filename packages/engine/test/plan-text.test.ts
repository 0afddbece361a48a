import {
  approve,
  bake,
  blueGreen,
  boundRate,
  canary,
  compareRates,
  compareSamples,
  formatPlan,
  hook,
  judge,
  mirror,
  rolling,
  route,
  weight,
} from '@changeover/engine'
import { expect, test } from 'vitest'
import { formatDuration } from '../src/format-duration.ts'
import { planFor } from './strategy-maker.ts'

test('a canary prints its steps, what its verdicts rest on, its capacity, its way back and its warnings', () => {
  const strategy = canary({
    steps: [
      route({ header: 'x-beta', value: 'yes' }),
      approve('beta testers', { quorum: 2, expires: '4h', notRequester: true }),
      weight(1),
      bake('90s'),
      judge(
        { errors: compareRates({ tolerance: 1.25 }), slow: compareRates({ over: '300ms' }) },
        { deadline: '2h', onInconclusive: 'hold' },
      ),
      weight(25, { rules: [], mirror: 0.5 }),
      judge({
        errors: boundRate({ limit: 0.005 }),
        memory: compareSamples({ alpha: 0.05, tolerance: 0.1 }),
      }),
    ],
    affinity: { cookie: 'uid' },
  })
  expect(formatPlan(planFor(strategy))).toMatchInlineSnapshot(`
    "canary of "shop": "old" (1.0.0) -> "new" (2.0.0), 10 replicas

       1. have 1 instance of "new" ready (within 1m)
       2. route 100% to "old"; and whatever has the header "x-beta" = "yes" to "new"
       3. gate "beta testers": 2 people approve, not the one who asked for it within 4h; without a verdict it goes back
       4. route 99% to "old", 1% to "new"; and whatever has the header "x-beta" = "yes" to "new"; each user on one side, told by the cookie "uid"
       5. wait 1m 30s
       6. gate "judge": judge errors (fails above 1.25 times "old", passes below 2 times), slow (slower than 300ms: fails above 1 times "old", passes below 2 times) every 10s for up to 2h; without a verdict it holds
          errors: needs about 200,000 requests at 1%, of both releases, where 0.5% are bad
          slow: needs about 200,000 requests at 1%, of both releases, where 0.5% are bad
       7. have 3 instances of "new" ready (within 1m)
       8. route 75% to "old", 25% to "new"; each user on one side, told by the cookie "uid"; copies of 0.5% to "new"
       9. gate "judge-2": judge errors (at most 0.5%), memory (no higher than "old" by more than 10%) every 10s for up to 10m; without a verdict it goes back
          errors: cannot pass where 0.5% are bad
          memory: needs samples of both releases, not requests
      10. have 10 instances of "new" ready (within 1m)
      11. route 100% to "new"
      12. let the requests of "old" end (draining 30s, then cut)
      13. stop "old"

    Capacity: at most 20 instances run, at least 10 serve.

    Way back, from wherever it is given up:
       1. have 10 instances of "old" ready (within 3m)
       2. route 100% to "old"
       3. let the requests of "new" end (draining 30s, then cut)
       4. stop "new"
    "
  `)
})

test('a blue-green exchange prints its preview, its flip and its watch', () => {
  const strategy = blueGreen({
    preview: { cookie: 'preview' },
    steps: [hook('smoke', { attempts: 1 }), approve('go')],
    keepOld: '10m',
    watch: { for: '5m', indicators: { errors: boundRate({ limit: 0.01 }) } },
    drain: { deadline: '2m', onDeadline: 'hold' },
    minReady: '10s',
  })
  expect(formatPlan(planFor(strategy))).toMatchInlineSnapshot(`
    "blue-green of "shop": "old" (1.0.0) -> "new" (2.0.0), 10 replicas

       1. have 10 instances of "new" ready (within 1m, and stay so for 10s)
       2. route 100% to "old"; and whatever has the cookie "preview" to "new"
       3. hook "smoke": up to one attempt of 30s; without a verdict it goes back
       4. gate "go": a person approves
       5. route 100% to "new"
       6. gate "watch": judge errors (at most 1%) every 10s for up to 5m; without a verdict it goes back
          errors: needs about 1,200 requests to the new release, where 0.5% are bad
       7. wait 5m
       8. let the requests of "old" end (draining 2m, then stop nothing)
       9. stop "old"

    Capacity: at most 20 instances run, at least 10 serve.

    Way back, from wherever it is given up:
       1. have 10 instances of "old" ready (within 3m, and stay so for 10s)
       2. route 100% to "old"
       3. let the requests of "new" end (draining 2m, then stop nothing)
       4. stop "new"
    "
  `)
})

test('a rolling update prints its window, and what its gates rest on', () => {
  const strategy = rolling({ gates: [bake('5m'), judge({ errors: compareRates() })], gateAfter: 2 })
  expect(formatPlan(planFor(strategy))).toMatchInlineSnapshot(`
    "rolling of "shop": "old" (1.0.0) -> "new" (2.0.0), 10 replicas

       1. bring in 2 instances of "new" at first, 3 more and 2 fewer at most (within 1m; draining 30s, then cut)
       2. wait 5m
       3. gate "judge": judge errors (fails above 1 times "old", passes below 2 times) every 10s for up to 10m; without a verdict it goes back
          errors: needs about 16,000 requests at 16.67%, of both releases, where 0.5% are bad
       4. replace all others by 10 instances of "new", 3 more and 2 fewer at most (within 1m; draining 30s, then cut)

    Capacity: at most 13 instances run, at least 8 serve.

    Way back, from wherever it is given up:
       1. replace all others by 10 instances of "old", 3 more and 2 fewer at most (within 3m; draining 30s, then cut)
    "
  `)
})

test('a first release prints that nothing is in place, and a single replica as one', () => {
  const strategy = canary({ steps: [mirror(5), weight(10)] })
  const text = formatPlan(planFor(strategy, { from: undefined, running: 0, replicas: 1 }))
  expect(text).toContain('canary of "shop": nothing -> "new" (2.0.0), 1 replica\n')
  expect(text).toContain('Capacity: at most 1 instance runs, at least 0 serve.')
  expect(text).toContain('   1. take the service out of the routes')
  expect(text).toContain('Warnings:\n  - "new" is the first release')
})

test.each([
  [0, '0s'],
  [250, '250ms'],
  [90_000, '1m 30s'],
  [86_400_000 + 3_600_000, '1d 1h'],
  [61_001, '1m 1s 1ms'],
])('%i ms print as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
