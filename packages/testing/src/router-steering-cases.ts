import assert from 'node:assert/strict'
import { FULL_WEIGHT, type RouterCapabilities } from '@changeover/engine'
import type { ConformanceCase } from './conformance-case.ts'
import { onTraffic, type RouterBench, type RouterCase, type RouterTraffic } from './router-bench.ts'
import { countReleases } from './router-traffic-cases.ts'
import type { Answer, RequestHeaders, TrafficClient } from './traffic-client.ts'

const SAMPLE = 1_000
/** How many of {@link SAMPLE} sequential ids a share may miss: five standard deviations of a fair coin. */
const COHORT_ERROR = 80

const USERS = Array.from({ length: 300 }, (_, i) => `${i + 1}`)
const PLACES: readonly { readonly header?: string; readonly cookie?: string }[] = [
  { cookie: 'uid' },
  { header: 'X-User' },
]

interface SteeringBench extends RouterBench, RouterTraffic {
  /** Sends requests such that each of them is split. */
  readonly splitClient: TrafficClient
  /** The next basis points that the router can represent. */
  readonly step: (weight: number) => number
}

type SteeringCase = ConformanceCase<SteeringBench>

const ruleCases: readonly SteeringCase[] = [
  [
    'a release with weight 0 gets the requests that carry the header of its rule, and no other',
    async ({ client, route }) => {
      await route({ a: FULL_WEIGHT, b: 0 }, { rules: [{ release: 'b', header: 'X-Preview' }] })
      const marked = [{ 'x-preview': '1' }, { 'X-PREVIEW': 'no' }, { 'X-Preview': 'true' }]
      assert.deepEqual(names(await client.askEach(marked)), ['b', 'b', 'b'])
      const others = [{}, { 'x-preview-2': '1' }, { cookie: 'x-preview=1' }]
      assert.deepEqual(names(await client.askEach(others)), ['a', 'a', 'a'])
      assert.deepEqual(countReleases(await client.askMany(300)), { a: 300 })
    },
  ],
  [
    'a rule by cookie finds it among others, and takes no other cookie and no header for it',
    async ({ client, route }) => {
      await route({ a: FULL_WEIGHT, b: 0 }, { rules: [{ release: 'b', cookie: 'preview' }] })
      const marked = ['preview=1', 'a=1; preview=yes; z=2', 'preview=1; z=2'].map(cookie)
      assert.deepEqual(names(await client.askEach(marked)), ['b', 'b', 'b'])
      const others = ['a=1', 'xpreview=1', 'previews=1', 'a=preview'].map(cookie)
      assert.deepEqual(names(await client.askEach(others)), ['a', 'a', 'a', 'a'])
      assert.deepEqual(names(await client.askEach([{ preview: '1' }, {}])), ['a', 'a'])
    },
  ],
  [
    'a rule with a value takes that value alone, of a header and of a cookie',
    async ({ client, route }) => {
      const value = 'yes'
      for (const place of [{ header: 'x-preview' }, { cookie: 'x-preview' }]) {
        await route({ a: FULL_WEIGHT, b: 0 }, { rules: [{ release: 'b', ...place, value }] })
        const head = (text: string): RequestHeaders =>
          place.header ? { 'x-preview': text } : cookie(`x-preview=${text}`)
        const heads = ['yes', 'no', 'yesterday', 'oh-yes', '1'].map(head)
        assert.deepEqual(names(await client.askEach(heads)), ['b', 'a', 'a', 'a', 'a'])
      }
    },
  ],
  [
    'of several rules the first that matches decides',
    async ({ client, route }) => {
      const rules = [
        { release: 'b', header: 'x-first' },
        { release: 'c', header: 'x-second' },
      ]
      const heads = [{ 'x-first': '1', 'x-second': '1' }, { 'x-second': '1' }, { 'x-first': '1' }]
      await route({ a: FULL_WEIGHT, b: 0, c: 0 }, { rules })
      assert.deepEqual(names(await client.askEach(heads)), ['b', 'c', 'b'])
      await route({ a: FULL_WEIGHT, b: 0, c: 0 }, { rules: rules.toReversed() })
      assert.deepEqual(names(await client.askEach(heads)), ['c', 'c', 'b'])
    },
  ],
  [
    'once the next table has converged, requests with a mark go by weight again',
    async ({ client, route }) => {
      await route({ a: FULL_WEIGHT, b: 0 }, { rules: [{ release: 'b', header: 'x-preview' }] })
      const marked = { 'x-preview': '1' }
      assert.deepEqual(countReleases(await client.askMany(20, marked)), { b: 20 })
      await route({ a: FULL_WEIGHT, b: 0 })
      assert.deepEqual(countReleases(await client.askMany(200, marked)), { a: 200 })
    },
  ],
]

const affinityCases: readonly SteeringCase[] = [
  [
    'a user has one side at a weight, and who is in stays in at every greater weight',
    async ({ splitClient, route, step }) => {
      for (const place of PLACES) {
        const affinity = { release: 'b', salt: 'r1', ...place }
        const heads = USERS.map((user) => keyed(place, user))
        let before: ReadonlySet<string> = new Set()
        for (const share of [1_000, 3_000, 6_000, FULL_WEIGHT]) {
          const weight = step(share)
          await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
          const inside = insiders(await splitClient.askEach(heads))
          assert.deepEqual(insiders(await splitClient.askEach(heads)), inside, 'the same again')
          for (const user of before) assert.ok(inside.has(user), `user ${user} left at ${share}`)
          before = inside
        }
        assert.equal(before.size, USERS.length, 'at full weight everybody is in')
      }
    },
  ],
  [
    'the weight is the share of users with sequential ids',
    async ({ splitClient, route, step }) => {
      const heads = Array.from({ length: SAMPLE }, (_, i) => keyed({ cookie: 'uid' }, `${i}`))
      for (const share of [1_000, 5_000]) {
        const weight = step(share)
        const affinity = { release: 'b', salt: 'r1', cookie: 'uid' }
        await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
        const inside = insiders(await splitClient.askEach(heads)).size
        const exact = (SAMPLE * weight) / FULL_WEIGHT
        assert.ok(Math.abs(inside - exact) <= COHORT_ERROR, `${inside} of ${SAMPLE} for ${exact}`)
      }
    },
  ],
  [
    'users of another rollout are in by another choice',
    async ({ splitClient, route, step }) => {
      const weight = step(FULL_WEIGHT / 2)
      const heads = USERS.map((user) => keyed({ cookie: 'uid' }, user))
      const cohorts: ReadonlySet<string>[] = []
      for (const salt of ['r1', 'r2']) {
        const affinity = { release: 'b', salt, cookie: 'uid' }
        await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
        cohorts.push(insiders(await splitClient.askEach(heads)))
      }
      const [first, second] = cohorts
      const alike = USERS.filter((_, i) => first?.has(`${i}`) === second?.has(`${i}`)).length
      const unrelated = alike > USERS.length / 4 && alike < (USERS.length * 3) / 4
      assert.ok(unrelated, `${alike} of ${USERS.length} users are on the same side in both`)
    },
  ],
  [
    'requests that do not say whose they are follow the weights',
    async ({ splitClient, route, step, shareError = 2 }) => {
      const weight = step(2_000)
      const affinity = { release: 'b', salt: 'r1', cookie: 'uid' }
      await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
      const { b = 0 } = countReleases(await splitClient.askMany(SAMPLE, cookie('theme=dark')))
      const exact = (SAMPLE * weight) / FULL_WEIGHT
      assert.ok(Math.abs(b - exact) <= shareError, `${b} of ${SAMPLE} for ${exact}`)
    },
  ],
  [
    'with weight 0 nobody is in, and everybody is out again when the next table has no affinity',
    async ({ splitClient, route, step }) => {
      const affinity = { release: 'b', salt: 'r1', cookie: 'uid' }
      const heads = USERS.map((user) => keyed({ cookie: 'uid' }, user))
      await route({ a: FULL_WEIGHT, b: 0 }, { affinity })
      assert.deepEqual(insiders(await splitClient.askEach(heads)), new Set())
      const weight = step(FULL_WEIGHT / 2)
      await route({ a: FULL_WEIGHT - weight, b: weight }, { affinity })
      assert.notDeepEqual(insiders(await splitClient.askEach(heads)), new Set())
      await route({ a: FULL_WEIGHT, b: 0 })
      assert.deepEqual(insiders(await splitClient.askEach(heads)), new Set())
    },
  ],
]

const bothCases: readonly SteeringCase[] = [
  [
    'a rule decides about its requests, whatever side their users are on',
    async ({ client, route, step }) => {
      const weight = step(FULL_WEIGHT / 2)
      const rules = [{ release: 'a', header: 'x-stable' }]
      const affinity = { release: 'b', salt: 'r1', cookie: 'uid' }
      await route({ a: FULL_WEIGHT - weight, b: weight }, { rules, affinity })
      const heads = USERS.map((user) => ({ ...keyed({ cookie: 'uid' }, user), 'x-stable': '1' }))
      assert.deepEqual(countReleases(await client.askEach(heads)), { a: USERS.length })
    },
  ],
]

/** Where requests go that a rule or an affinity decides about, as far as the router says that it can. */
export const steeringCases: readonly RouterCase[] = [
  ...onRouters(({ rules }) => rules, ruleCases),
  ...onRouters(({ affinity }) => affinity, affinityCases),
  ...onRouters(({ rules, affinity }) => rules && affinity, bothCases),
]

/** Cases that pass unchecked where the router says that it cannot do what they are about. */
function onRouters(
  able: (capabilities: RouterCapabilities) => boolean | undefined,
  cases: readonly SteeringCase[],
): readonly RouterCase[] {
  return onTraffic(
    cases.map(([name, check]) => [
      name,
      async (bench) => {
        const capabilities = await bench.router.probe()
        if (!able(capabilities)) return
        const { granularity = 1, split } = capabilities
        const splitClient = split === 'connection' ? bench.freshClient : bench.client
        const step = (weight: number): number => Math.ceil(weight / granularity) * granularity
        await check({ ...bench, splitClient, step })
      },
    ]),
  )
}

function cookie(text: string): RequestHeaders {
  return { cookie: text }
}

/** A request that says whose it is. */
function keyed(
  { header, cookie: name }: { readonly header?: string; readonly cookie?: string },
  user: string,
): RequestHeaders {
  return header === undefined ? cookie(`theme=dark; ${name}=${user}; a=1`) : { [header]: user }
}

/** The positions of the answers that release `b` gave. */
function insiders(answers: readonly Answer[]): ReadonlySet<string> {
  for (const { status } of answers) assert.equal(status, 200)
  return new Set(answers.flatMap(({ release }, i) => (release === 'b' ? [`${i}`] : [])))
}

function names(answers: readonly Answer[]): (string | undefined)[] {
  return answers.map(({ release, status }) => release ?? `nobody, with ${status}`)
}
