import type { Router, RouteTable } from '@changeover/engine'
import { nodeRouter } from '@changeover/router-node'
import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { named } from './backends.ts'

describe('the node router', () => {
  routerConformance({ test, create: listening })
})

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

  test('one that answers without a table', async () => {
    const { address } = await named('somebody')
    await expectFailure(
      'without a table, or with one that has no pool, requests are answered with 503',
      async () => ({ ...(await listening()), url: `http://${address}` }),
    )
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
