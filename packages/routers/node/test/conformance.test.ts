import type { Affinity, ReleaseTraffic, Router, RouteRule, RouteTable } from '@changeover/engine'
import { nodeRouter } from '@changeover/router-node'
import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { named } from './backends.ts'

describe('the node router', () => {
  routerConformance({ test, create: listening })
})

const TIMED =
  'where the router times requests, fewer are slower than a longer bound, and no more than there are'
const SIDES = 'a user has one side at a weight, and who is in stays in at every greater weight'

describe('a router whose requests break its word fails the suite', () => {
  const defects: readonly [
    defect: string,
    breakIt: (router: Router, subject: RouterSubject) => Partial<Router>,
    sentence: string,
  ][] = [
    [
      'sends requests to a release without weight',
      (router) => ({ apply: (table) => router.apply(reweighed(table, ensureSome)) }),
      'a release with weight 0 gets none of 500 requests',
    ],
    [
      'rounds weights to all or nothing',
      (router) => ({ apply: (table) => router.apply(reweighed(table, allOrNothing)) }),
      'a tenth and a hundredth of the weight are that share of 1,000 requests',
    ],
    [
      'returns before it has converged',
      late,
      'once a table has converged no release that left answers, nor is a request dropped, 20 times under load',
    ],
    [
      'knows one instance of a release',
      (router) => ({ apply: (table) => router.apply(firstInstances(table)) }),
      'an instance that refuses connections is passed over where another one serves',
    ],
    [
      'counts for nobody',
      () => ({ traffic: async () => ({}) }),
      'where the router counts, each release has its requests and its bad answers',
    ],
    [
      'finds more requests slower than a longer bound',
      (router) => retold(router, (slow) => ({ ...slow, '99999': 1_000 })),
      TIMED,
    ],
    ['times nothing truly', (router) => retold(router, quick), TIMED],
    [
      'sends some of all requests where only marked ones go',
      (router) => ({ apply: (table) => router.apply(reweighed(table, ensureSome)) }),
      'a release with weight 0 gets the requests that carry the header of its rule, and no other',
    ],
    [
      'knows no rules by header',
      (router) => changed(router, (table) => ruled(table, ({ header }) => header === undefined)),
      'a release with weight 0 gets the requests that carry the header of its rule, and no other',
    ],
    [
      'takes a cookie for a header',
      (router) =>
        changed(router, (table) =>
          rewritten(table, ({ cookie, ...rule }) => (cookie ? { ...rule, header: cookie } : rule)),
        ),
      'a rule by cookie finds it among others, and takes no other cookie and no header for it',
    ],
    [
      'takes any value for that of a rule',
      (router) => changed(router, (table) => rewritten(table, valueless)),
      'a rule with a value takes that value alone, of a header and of a cookie',
    ],
    [
      'lets the last rule decide',
      (router) =>
        changed(router, (table) => ({ ...table, rules: (table.rules ?? []).toReversed() })),
      'of several rules the first that matches decides',
    ],
    [
      'forgets no rule',
      (router) => clinging(router),
      'once the next table has converged, requests with a mark go by weight again',
    ],
    [
      'draws lots for each request',
      (router) => changed(router, (table) => without(table, 'affinity')),
      SIDES,
    ],
    [
      'draws lots for each table',
      (router) =>
        changed(router, (table) => cohort(table, { salt: `at revision ${table.revision}` })),
      SIDES,
    ],
    [
      'knows users by cookie only',
      (router) =>
        changed(router, (table) => (table.affinity?.header ? without(table, 'affinity') : table)),
      SIDES,
    ],
    [
      'lets twice as many users in',
      (router) => changed(router, doubled),
      'the weight is the share of users with sequential ids',
    ],
    [
      'always lets the same users in',
      (router) => changed(router, (table) => cohort(table, { salt: 'salt' })),
      'users of another rollout are in by another choice',
    ],
    [
      'sends who says not whose he is to the old release',
      (router) =>
        changed(router, (table) => ({
          ...table,
          pools: table.pools.map((pool) => ({
            ...pool,
            weight: pool.release === 'a' ? 10_000 : 0,
          })),
        })),
      'requests that do not say whose they are follow the weights',
    ],
    [
      'forgets no affinity',
      (router) =>
        changed(router, (table) => (table.affinity ? table : reweighed(table, ensureSome))),
      'with weight 0 nobody is in, and everybody is out again when the next table has no affinity',
    ],
    [
      'asks for the user first',
      (router) => changed(router, (table) => (table.affinity ? without(table, 'rules') : table)),
      'a rule decides about its requests, whatever side their users are on',
    ],
    [
      'says drained at once',
      () => ({ drain: async () => ({ drained: true, inFlight: 0, longLived: 0, forced: 0 }) }),
      'a drain waits for the request in flight, and resolves when that has ended',
    ],
    [
      'drains until the deadline',
      (router) => ({
        drain: async (service, _ids, { deadline, signal }) => {
          await new Promise((resolve) => signal?.addEventListener('abort', resolve))
          return router.drain(service, [], { deadline })
        },
      }),
      'a drain waits for the request in flight, and resolves when that has ended',
    ],
    [
      'forgets what is in flight at the deadline',
      (router) => ({
        drain: async (...call) => ({ ...(await router.drain(...call)), inFlight: 0 }),
      }),
      'a drain reports at its deadline what is still in flight, and cuts nothing',
    ],
    [
      'cuts what is in flight at the deadline',
      (router, { close }) => ({
        async drain(...call) {
          const report = await router.drain(...call)
          await close()
          return report
        },
      }),
      'a drain reports at its deadline what is still in flight, and cuts nothing',
    ],
    [
      'cuts what is in flight when its drain is aborted',
      (router, { close }) => ({
        drain: (...call) =>
          router
            .drain(...call)
            .catch((error: unknown) => close().then(() => Promise.reject(error))),
      }),
      'a drain that is aborted while a request is in flight is rejected with the reason, and cuts nothing',
    ],
  ]

  test.each(defects)('one that %s', async (_, breakIt, sentence) => {
    await expectFailure(sentence, async () => {
      const subject = await listening()
      const { router } = subject
      return { ...subject, router: { ...router, ...breakIt(router, subject) }, patience: '1s' }
    })
  })

  const TABLELESS = 'without a table, or with one that has no pool, requests are answered with 503'

  test('one that answers without a table', async () => {
    const { address } = await named('somebody')
    await expectFailure(TABLELESS, async () => ({
      ...(await listening()),
      url: `http://${address}`,
    }))
  })

  test('and for every sentence about requests there is one', async () => {
    const caught = new Set([...defects.map(([, , sentence]) => sentence), TABLELESS])
    const sentences = await sentencesOnRequests()
    expect(sentences.length).toBeGreaterThan(15)
    expect(sentences.filter((one) => !caught.has(one))).toStrictEqual([])
  })
})

async function listening(): Promise<RouterSubject> {
  const router = nodeRouter({ listeners: { shop: { port: 0 } }, timeouts: { close: 0 } })
  const { shop } = await router.listen()
  return { router, service: 'shop', url: shop!, close: () => router.close() }
}

/** Runs the test with that name, and expects it to fail. */
async function expectFailure(
  sentence: string,
  create: () => Promise<RouterSubject>,
): Promise<void> {
  const tests = new Map<string, () => Promise<void>>()
  routerConformance({ test: (name, run) => tests.set(name, run), create })
  await expect(tests.get(`router: ${sentence}`)?.()).rejects.toBeInstanceOf(Error)
}

/** What a router that fails in everything passes, since it has no url: nothing but what is about requests. */
async function sentencesOnRequests(): Promise<string[]> {
  const fail = (): Promise<never> => Promise.reject(new Error('no'))
  const calls = { probe: fail, observe: fail, apply: fail, converge: fail, drain: fail }
  const router = { name: 'dumb', ...calls }
  const passed: string[] = []
  const running: Promise<unknown>[] = []
  routerConformance({
    test: (name, run) => running.push(run().then(() => passed.push(name), String)),
    create: async () => ({ router, stalled: router, service: 'shop', close: async () => {} }),
  })
  await Promise.all(running)
  return passed.map((name) => name.slice('router: '.length))
}

function reweighed(
  table: RouteTable,
  change: (weights: readonly number[]) => readonly number[],
): RouteTable {
  const weights = change(table.pools.map(({ weight }) => weight))
  return { ...table, pools: table.pools.map((pool, i) => ({ ...pool, weight: weights[i] ?? 0 })) }
}

function ensureSome(weights: readonly number[]): readonly number[] {
  const full = weights.indexOf(10_000)
  if (full < 0) return weights
  const others = weights.length - 1
  return weights.map((_, i) => (i === full ? 10_000 - 100 * others : 100))
}

function allOrNothing(weights: readonly number[]): readonly number[] {
  const most = weights.indexOf(Math.max(...weights))
  return weights.map((_, i) => (i === most ? 10_000 : 0))
}

function firstInstances(table: RouteTable): RouteTable {
  const pools = table.pools.map((pool) => ({ ...pool, instances: pool.instances.slice(0, 1) }))
  return { ...table, pools }
}

/** Applies another table than the one that it was given. */
function changed(router: Router, change: (table: RouteTable) => RouteTable): Partial<Router> {
  return { apply: (table, options) => router.apply(change(table), options) }
}

function without(table: RouteTable, part: 'rules' | 'affinity'): RouteTable {
  const others = { ...table }
  Reflect.deleteProperty(others, part)
  return others
}

function ruled(table: RouteTable, wanted: (rule: RouteRule) => boolean): RouteTable {
  return { ...table, rules: (table.rules ?? []).filter(wanted) }
}

function rewritten(table: RouteTable, rewrite: (rule: RouteRule) => RouteRule): RouteTable {
  return { ...table, rules: (table.rules ?? []).map(rewrite) }
}

function valueless(rule: RouteRule): RouteRule {
  const others = { ...rule }
  Reflect.deleteProperty(others, 'value')
  return others
}

function cohort(table: RouteTable, change: Partial<Affinity>): RouteTable {
  return table.affinity ? { ...table, affinity: { ...table.affinity, ...change } } : table
}

/** Twice the weight, as far as there is any, for the release of the cohort. */
function doubled(table: RouteTable): RouteTable {
  const release = table.affinity?.release
  const weight = Math.min(
    10_000,
    2 * (table.pools.find((pool) => pool.release === release)?.weight ?? 0),
  )
  return reweighed(table, () =>
    table.pools.map((pool) => (pool.release === release ? weight : 10_000 - weight)),
  )
}

/** A table without rules leaves those of the one before in force. */
function clinging(router: Router): Partial<Router> {
  let rules: readonly RouteRule[] = []
  return changed(router, (table) => ({ ...table, rules: (rules = table.rules ?? rules) }))
}

type Slow = NonNullable<ReleaseTraffic['slow']>

/** Counts slow requests in another way. */
function retold(router: Router, retell: (slow: Slow) => Slow): Partial<Router> {
  return {
    async traffic(service) {
      const sample = Object.entries((await router.traffic?.(service)) ?? {})
      return Object.fromEntries(
        sample.map(([release, { slow = {}, ...counts }]) => {
          return [release, { ...counts, slow: retell(slow) }]
        }),
      )
    },
  }
}

function quick(slow: Slow): Slow {
  return Object.fromEntries(Object.keys(slow).map((bound) => [bound, 0]))
}

/** Answers at once, and does what it was asked to a little later. */
function late(router: Router): Partial<Router> {
  return {
    async apply(table) {
      const { service, revision } = table
      setTimeout(() => void router.apply(table), 20)
      return { service, revision, outcome: 'applied' }
    },
    converge: async ({ revision }) => {
      return { revision, converged: true, level: 'observed', evidence: 'it said so' }
    },
  }
}
