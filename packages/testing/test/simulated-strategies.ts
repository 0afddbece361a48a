import {
  approve,
  bake,
  blueGreen,
  canary,
  compareRates,
  hook,
  judge,
  rolling,
  route,
  type Strategy,
  weight,
} from '@changeover/engine'

const times = { minReady: '1s', readyWithin: '4m', drain: { deadline: '5m' } } as const

/** One up, one down, never fewer than before. */
const rollingOneByOne: Strategy = rolling({ maxSurge: 1, maxUnavailable: 0, ...times })

/** A growing weight, users that stay on their side, a rule, and every kind of gate. */
const gatedCanary: Strategy = canary({
  ...times,
  affinity: { cookie: 'uid' },
  steps: [
    route({ header: 'x-canary' }),
    weight(5),
    bake('1m'),
    judge({ errors: compareRates() }, { every: '20s' }),
    approve('release-manager', { expires: '15m', onInconclusive: 'hold' }),
    weight(50),
    hook('smoke', { timeout: '30s' }),
  ],
})

/** Everything beside, previewed and tested, one flip, and the old side kept for a while. */
const watchedFlip: Strategy = blueGreen({
  ...times,
  preview: { header: 'x-preview' },
  steps: [hook('smoke', { timeout: '30s' }), approve('flip', { expires: '15m' })],
  keepOld: '2m',
})

export const strategies = [rollingOneByOne, gatedCanary, watchedFlip] as const
