import type { Router } from '@changeover/engine'
import { nodeRouter } from '@changeover/router-node'
import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { named } from './backends.ts'
import {
  changed,
  clinging,
  cohort,
  doubled,
  ensureSome,
  firstInstances,
  quick,
  retold,
  reweighed,
  rewritten,
  ruled,
  valueless,
  without,
} from './broken-tables.ts'
import { brokenMirrors } from './broken-mirrors.ts'
import { brokenUnderLoad } from './broken-under-load.ts'
import { splicedRouter } from './spliced-router.ts'
import { wireDefects } from './wire-defects.ts'

describe('the node router', () => {
  routerConformance({ test, create: listening })
})

const TIMED =
  'where the router times requests, fewer are slower than a longer bound, and no more than there are'
const SIDES = 'a user has one side at a weight, and who is in stays in at every greater weight'

describe('a router whose requests break its word fails the suite', () => {
  const defects: readonly (readonly [
    defect: string,
    breakIt: (router: Router, subject: RouterSubject) => Partial<Router>,
    sentence: string,
  ])[] = [
    [
      'sends requests to a release without weight',
      (router) => ({ apply: (table) => router.apply(reweighed(table, ensureSome)) }),
      'a release with weight 0 gets none of 500 requests',
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
      'takes the values of rules for patterns',
      (router) =>
        changed(router, (table) =>
          rewritten(table, (rule) => (rule.value === 'x*x' ? valueless(rule) : rule)),
        ),
      'a mark with an odd value is found by that value and no other, or is refused with a code',
    ],
    [
      'cuts the values of rules at spaces',
      (router) =>
        changed(router, (table) =>
          rewritten(table, (rule) => ({ ...rule, value: rule.value?.split(' ')[0] ?? '' })),
        ),
      'a mark with an odd value is found by that value and no other, or is refused with a code',
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
    ...brokenMirrors,
  ]

  test.each(defects)('one that %s', async (_, breakIt, sentence) => {
    await expectFailure(sentence, async () => {
      const subject = await listening()
      const { router } = subject
      return { ...subject, router: { ...router, ...breakIt(router, subject) }, patience: '1s' }
    })
  })

  test.each(wireDefects)('one that %s', async (_, splice, sentence) => {
    await expectFailure(sentence, () => splicedRouter(splice))
  })

  test.each(brokenUnderLoad)(
    'one that %s, which is found under load',
    async (_, breakIt, sentence) => {
      await expectFailure(sentence, async () => {
        const subject = { ...(await listening()), patience: '1s' as const, cutovers: 2 }
        return breakIt(subject)
      })
    },
  )

  const TABLELESS = 'without a table, or with one that has no pool, requests are answered with 503'

  test('one that answers without a table', async () => {
    const { address } = await named('somebody')
    await expectFailure(TABLELESS, async () => ({
      ...(await listening()),
      url: `http://${address}`,
    }))
  })

  test('and for every sentence about requests there is one', async () => {
    const caught = new Set(
      [...defects, ...wireDefects, ...brokenUnderLoad].map(([, , sentence]) => sentence),
    )
    caught.add(TABLELESS)
    const sentences = await sentencesOnRequests()
    expect(sentences.length).toBeGreaterThan(15)
    expect(sentences.filter((one) => !caught.has(one))).toStrictEqual([])
  })
})

async function listening(): Promise<RouterSubject> {
  const router = nodeRouter({ listeners: { shop: { port: 0 } }, timeouts: { close: 0 } })
  const { shop } = await router.listen()
  const close = (): Promise<void> => router.close()
  return { router, service: 'shop', url: shop!, close }
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

/** What is not checked where there is no url. */
async function sentencesOnRequests(): Promise<string[]> {
  const fail = (): Promise<never> => Promise.reject(new Error('no'))
  const calls = { probe: fail, observe: fail, apply: fail, converge: fail, drain: fail }
  const router = { name: 'dumb', ...calls }
  const unchecked: string[] = []
  const running: Promise<unknown>[] = []
  routerConformance({
    test: (_, run) => running.push(run().catch(String)),
    create: async () => ({ router, stalled: router, service: 'shop', close: async () => {} }),
    evidence: (one) => {
      if (one.lacking.includes('url')) unchecked.push(one.case)
    },
  })
  await Promise.all(running)
  return unchecked
}
