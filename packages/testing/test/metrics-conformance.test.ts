import {
  memoryRouter,
  type Metrics,
  type MetricsQuery,
  type ReleaseTraffic,
  type Router,
  routerMetrics,
  type Samples,
} from '@changeover/engine'
import { metricsConformance, type MetricsSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { memoryMetrics } from './fixtures/memory-metrics.ts'
import { failuresOf, sentencesOf } from './fixtures/suite-failures.ts'

describe('a metrics port in memory', () => {
  metricsConformance({ test, create: async () => memoryMetrics() })
})

describe("the router's own counts", () => {
  metricsConformance({ test, create: async () => overRouter() })
})

describe('a metrics port that breaks its word fails the suite', () => {
  type Lie = (honest: Metrics, query: MetricsQuery) => Promise<Samples>
  const counted = (change: (bad: number, total: number) => Samples): Lie => {
    return async (honest, query) => {
      const samples = await honest.sample(query)
      return samples.data && 'total' in samples ? change(samples.bad, samples.total) : samples
    }
  }

  const lies: readonly [defect: string, lie: Lie, sentence: string][] = [
    [
      'counts good requests as bad',
      counted((_, total) => ({ data: true, bad: total, total })),
      'requests are counted since the moment asked about, the bad ones among all',
    ],
    [
      'counts what is older than the question',
      async (honest, query) => honest.sample({ ...query, since: 0 }),
      'requests from before the moment asked about are not counted',
    ],
    [
      'mixes releases',
      async (honest, query) => honest.sample({ ...query, release: 'v2' }),
      'releases are counted apart from each other',
    ],
    [
      'begins anew after a while',
      counted((bad, total) => ({ data: true, bad: bad % 20, total: total % 80 })),
      'counts do not fall while requests come',
    ],
    [
      'divides nothing by nothing',
      counted((bad, total) => ({ data: true, bad: (bad / total) * total, total })),
      'a release that served nothing has no requests, or no data; neither is a number of nothing',
    ],
    [
      'makes up counts for releases that it does not know',
      async (honest, query) => {
        const samples = await honest.sample(query)
        return samples.data ? samples : { data: true, bad: 0, total: 0 }
      },
      'an unknown release has no data, with a reason',
    ],
    [
      'takes silence for nothing bad',
      async (honest, query) => {
        const samples = await honest.sample(query)
        return samples.data ? samples : { data: true, bad: 0, total: 100 }
      },
      'what is cut off has no data, with a reason',
    ],
    [
      'gives no reason',
      async (honest, query) => {
        const samples = await honest.sample(query)
        return samples.data ? samples : { data: false, reason: '' }
      },
      'an unknown indicator has no data, with a reason',
    ],
    [
      'goes on although it was aborted',
      async (honest, query) => honest.sample(query),
      "an aborted question is rejected with the signal's reason",
    ],
    [
      'gives values that are no numbers',
      async (honest, query) => {
        const samples = await honest.sample(query)
        return 'values' in samples ? { data: true, values: [Number.NaN] } : samples
      },
      'values of a gauge are numbers',
    ],
  ]

  const checks: readonly [defect: string, check: () => Promise<void>, sentence: string][] = [
    [
      'waves every indicator through',
      async () => undefined,
      'an unknown indicator is refused when a plan is made',
    ],
    [
      'does not look at what is wanted of an indicator',
      async () => undefined,
      'counts where values are wanted are refused when a plan is made',
    ],
    [
      'refuses everything',
      () => Promise.reject(new Error('no')),
      'the indicators that it knows pass the check of a plan',
    ],
  ]

  test.each(lies)('one that %s', async (_, lie, sentence) => {
    await expectCaught(sentence, (honest) => ({ sample: async (query) => lie(honest, query) }))
  })

  test.each(checks)('one that %s', async (_, check, sentence) => {
    await expectCaught(sentence, () => ({ check }))
  })

  test('and for every sentence of the suite there is one', () => {
    const caught = new Set([...lies, ...checks].map(([, , sentence]) => sentence))
    expect(sentencesOf(metricsConformance).filter((one) => !caught.has(one))).toStrictEqual([])
  })

  test('and an honest one passes', async () => {
    expect(await failuresOf(metricsConformance, async () => memoryMetrics())).toStrictEqual([])
  })

  async function expectCaught(
    sentence: string,
    breakIt: (honest: Metrics) => Partial<Metrics>,
  ): Promise<void> {
    const create = async (): Promise<MetricsSubject> => {
      const subject = memoryMetrics()
      return { ...subject, metrics: { ...subject.metrics, ...breakIt(subject.metrics) } }
    }
    const name = `metrics: ${sentence}`
    expect(await failuresOf(metricsConformance, create, name)).toStrictEqual([name])
  }
})

/** A router that routes nothing and counts what it is told. */
function overRouter(): MetricsSubject {
  const traffic: Record<string, ReleaseTraffic> = {}
  let cut = false
  const router: Router = {
    ...memoryRouter(),
    traffic: async () => {
      if (cut) throw new Error('the router does not answer')
      return structuredClone(traffic)
    },
  }
  const subject: MetricsSubject = {
    metrics: routerMetrics(router),
    service: 'shop',
    releases: ['v2', 'v1'],
    counts: { indicator: 'errors' },
    patience: '300ms',
    serve: async (release, { bad, total }) => {
      const before = traffic[release] ?? { bad: 0, total: 0 }
      traffic[release] = { bad: before.bad + bad, total: before.total + total }
    },
    silence: async () => {
      cut = true
    },
    close: async () => undefined,
  }
  return subject
}
