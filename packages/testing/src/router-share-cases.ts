import assert from 'node:assert/strict'
import { FULL_WEIGHT } from '@changeover/engine'
import type { ConformanceCase } from './conformance-case.ts'
import { onTraffic, type RouterBench, type RouterCase, type RouterTraffic } from './router-bench.ts'
import { deviating } from './router-deviations.ts'
import { countReleases } from './router-traffic-cases.ts'
import type { Answer, RequestHeaders, TrafficClient } from './traffic-client.ts'
import { wireClient } from './wire-client.ts'

const CUTOVERS = 8
const REQUESTS_PER_CUTOVER = 250

const SHARES = [100, 500, 1_000]
const SAMPLES = [100, 1_000]
/** Every so many requests there is one of the other kind. */
const EVERY = 10
const MARKED = 150
const USERS = Array.from({ length: 300 }, (_, i) => `${i + 1}`)
const OTHER_USERS = 1_000

interface ShareBench extends RouterBench, RouterTraffic {
  /** Sends requests such that each of them is split. */
  readonly splitClient: TrafficClient
  /** The next basis points that the router can represent. */
  readonly step: (weight: number) => number
  readonly perConnection: boolean
}

type ShareCase = ConformanceCase<ShareBench>

const weightCases: readonly ShareCase[] = [
  [
    'a hundredth, a twentieth and a tenth of the weight are those shares of 100 requests and of 1,000',
    async ({ splitClient, route, step, shareError = 2, note }) => {
      for (const share of SHARES) {
        const weight = step(share)
        await route({ a: FULL_WEIGHT - weight, b: weight })
        for (const sample of SAMPLES) {
          const { b = 0, ...others } = countReleases(await splitClient.askMany(sample))
          const exact = (sample * weight) / FULL_WEIGHT
          const which = `${weight} of ${sample}`
          note({ [which]: b })
          assert.ok(Math.abs(b - exact) <= shareError, `${b} of ${sample} for ${exact}`)
          assert.deepEqual(others, b === sample ? {} : { a: sample - b })
        }
      }
    },
  ],
  deviating(
    'regular-intervals',
    'requests of one kind that come at regular intervals are split as all are',
    async ({ route, step, url = '', perConnection, lacks, note }: ShareBench) => {
      const weight = step(FULL_WEIGHT / EVERY)
      if (weight > FULL_WEIGHT / EVERY) return lacks('granularity')
      await route({ a: FULL_WEIGHT - weight, b: weight })
      const client = wireClient(url, { keepAlive: !perConnection })
      let marked = 0
      for (let i = 0; i < MARKED * EVERY; i += 1) {
        const { answer, problem } = await client.ask()
        assert.equal(answer?.status, 200, problem)
        if (i % EVERY === 0 && answer.headers['x-release'] === 'b') marked += 1
      }
      client.close()
      note({ marked: MARKED, inShare: marked })
      // A fair coin misses these once in a million runs.
      const fair = marked > 0 && marked < (3 * MARKED) / EVERY + 5
      assert.ok(fair, `${marked} of ${MARKED} for ${MARKED / EVERY}`)
    },
  ),
  [
    'a release whose weight became 0 gets nothing, on connections that it served and of users that it had either',
    async (bench) => {
      const { splitClient, freshClient, client, route, step, router, lacks, note } = bench
      const { affinity: able = false } = await router.probe()
      if (!able) lacks('affinity')
      const extras = able ? { affinity: { release: 'b', salt: 'r1', cookie: 'uid' } } : {}
      const weight = step(FULL_WEIGHT / 2)
      await route({ a: FULL_WEIGHT - weight, b: weight }, extras)
      const answers = await splitClient.askEach(USERS.map(keyed))
      assert.ok(
        answers.some(({ release }) => release === 'b'),
        'it had some',
      )
      await client.askMany(20)
      await route({ a: FULL_WEIGHT, b: 0 }, extras)
      const count = (bench.cutovers ?? CUTOVERS) * REQUESTS_PER_CUTOVER
      const heads = Array.from({ length: count }, (_, i) => keyed(`${i % (2 * USERS.length)}`))
      assert.deepEqual(countReleases(await client.askEach(heads)), { a: count })
      assert.deepEqual(countReleases(await client.askMany(200)), { a: 200 })
      assert.deepEqual(countReleases(await freshClient.askMany(200)), { a: 200 })
      note({ requests: count + 400, answeredByIt: 0 })
    },
  ],
]

const affinityCases: readonly ShareCase[] = [
  [
    'on the way down those leave who came last, and neither users of another rollout nor requests of nobody move along',
    async ({ splitClient, route, step, shareError = 2, note }) => {
      const heads = USERS.map(keyed)
      const cohorts = new Map<number, readonly string[]>()
      const put = async (weight: number, salt = 'r1'): Promise<void> => {
        const affinity = { release: 'b', salt, cookie: 'uid' }
        await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
      }
      const [small, medium, large] = [step(1_000), step(3_000), step(6_000)]
      for (const weight of [small, medium, large, FULL_WEIGHT, large, medium, small]) {
        await put(weight)
        const inside = insiders(await splitClient.askEach(heads))
        assert.deepEqual(inside, cohorts.get(weight) ?? inside, `the same at ${weight} as before`)
        cohorts.set(weight, inside)
      }
      const { b = 0 } = countReleases(await splitClient.askMany(1_000))
      const exact = (1_000 * small) / FULL_WEIGHT
      assert.ok(Math.abs(b - exact) <= shareError, `${b} of 1,000 of nobody for ${exact}`)
      if (small === FULL_WEIGHT) return
      const others = Array.from({ length: OTHER_USERS }, (_, i) => keyed(`user-${i}`))
      const [first, second] = [new Set<string>(), new Set<string>()]
      for (const [salt, cohort] of [['r1', first] as const, ['r2', second] as const]) {
        await put(small, salt)
        for (const user of insiders(await splitClient.askEach(others))) cohort.add(user)
      }
      const both = [...first].filter((user) => second.has(user)).length
      note({ first: first.size, second: second.size, both })
      assert.ok(both < first.size / 2, `${both} of ${first.size} users are in both rollouts`)
    },
  ],
]

/** How the weights and the cohorts share requests out. */
export const shareCases: readonly RouterCase[] = onTraffic(
  [...weightCases, ...affinityCases].map((one, index) => [
    one[0],
    async (bench) => {
      const { granularity = 1, split, affinity = false } = await bench.router.probe()
      if (index >= weightCases.length && !affinity) return bench.lacks('affinity')
      const perConnection = split === 'connection'
      const splitClient = perConnection ? bench.freshClient : bench.client
      const step = (weight: number): number => Math.ceil(weight / granularity) * granularity
      return one[1]({ ...bench, splitClient, step, perConnection })
    },
  ]),
)

function keyed(user: string): RequestHeaders {
  return { cookie: `theme=dark; uid=${user}` }
}

function insiders(answers: readonly Answer[]): readonly string[] {
  for (const { status } of answers) assert.equal(status, 200)
  return answers.flatMap(({ release }, i) => (release === 'b' ? [`${i}`] : []))
}
