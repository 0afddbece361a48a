import {
  memoryRouter,
  type ObservedRoutes,
  type Receipt,
  type Router,
  type RouteTable,
} from '@changeover/engine'
import { routerConformance, type RouterSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { type ControlDefect, controlDefects } from './fixtures/control-defects.ts'
import { failuresOf, sentencesOf } from './fixtures/suite-failures.ts'

const LONGER_THAN_ANY_TEST_MS = 1_000_000_000

describe('the memory router', () => {
  routerConformance({ test, create: async () => inMemory() })
})

describe('the memory router that takes its time', () => {
  const late = { convergeAfterMs: 30, drainAfterMs: 30 }
  routerConformance({ test, create: async () => ({ ...inMemory(), router: memoryRouter(late) }) })
})

describe('a router that breaks its word fails the suite', () => {
  const defects: readonly ControlDefect[] = [
    ...controlDefects,
    [
      'has steps of no size',
      () => ({ probe: async () => ({ granularity: 0 }) }),
      'a probe answers with what the router can do',
    ],
    [
      'makes up a revision',
      (router) => ({
        observe: async (service) => ({ ...(await router.observe(service)), revision: 1 }),
      }),
      'a service that nothing was applied for is observed at revision 0, without a table',
    ],
    [
      'says applied, and applies nothing',
      () => ({ apply: async (table) => applied(table) }),
      'a table that was applied is the one observed',
    ],
    [
      'reports drift that is none',
      (router) => ({
        observe: async (service) => ({ ...(await router.observe(service)), drift: ['?'] }),
      }),
      'a table that was applied is the one observed',
    ],
    ['begins anew with each table', restarting, 'the same table twice changes nothing'],
    [
      'takes an older table',
      (router) => gullible(router, (table, known) => table.revision < known.revision),
      'a table of an older revision is rejected, and the one in force stays',
    ],
    [
      'takes an older table, and says rejected all the same',
      (router) => sly(router),
      'a table of an older revision is rejected, and the one in force stays',
    ],
    [
      'takes a table from an engine that no longer leads',
      (router) => gullible(router, (table, known) => table.fence < known.fence),
      'a table under an older fence is rejected, and the one in force stays',
    ],
    [
      'looks at nothing but the revision',
      (router) => ({ apply: oncePerRevision(router) }),
      'other routes under the revision in force are rejected, or are in force from then on',
    ],
    [
      'takes any weights',
      (router) => gullible(router, ({ pools }) => sum(pools) !== 10_000),
      'weights that do not sum to the whole are refused, and the table in force stays',
    ],
    [
      'refuses without a code',
      (router) => ({
        apply: (table) => router.apply(table).catch(() => Promise.reject(new Error('no'))),
      }),
      'weights that do not sum to the whole are refused, and the table in force stays',
    ],
    [
      'rounds',
      () => ({ probe: async () => ({ granularity: 100, proof: 'observed', inFlight: true }) }),
      'a weight that is finer than the router can split is refused, and never rounded',
    ],
    [
      'keeps the table that it was given, not a copy',
      sharing,
      'a table that is changed after it was applied changes nothing',
    ],
    [
      'is not sure whether it knows rules',
      () => ({ probe: async () => ({ ...MEMORY, rules: 'some' as unknown as boolean }) }),
      'a probe answers with what the router can do',
    ],
    [
      'shows no rules',
      (router) => ({ observe: (service) => observedWithout(router, service, 'rules') }),
      'rules, an affinity and a mirror that the router can do are observed as they were applied',
    ],
    [
      'shows no affinity',
      (router) => ({ observe: (service) => observedWithout(router, service, 'affinity') }),
      'rules, an affinity and a mirror that the router can do are observed as they were applied',
    ],
    [
      'shows no mirror',
      (router) => ({ observe: (service) => observedWithout(router, service, 'mirror') }),
      'rules, an affinity and a mirror that the router can do are observed as they were applied',
    ],
    [
      'keeps extras until others come',
      clinging,
      'a table without rules, affinity and mirror clears those of the one before, and with the weights alike',
    ],
    [
      'takes a rule that leads to no instance',
      (router) =>
        gullible(router, ({ rules = [], pools }) => {
          const served = pools.filter(({ instances }) => instances.length > 0)
          return rules.some(({ release }) => served.every((pool) => pool.release !== release))
        }),
      'rules, an affinity or a mirror that lead to no instance are refused, and the table in force stays',
    ],
    [
      'takes an affinity that leads to no instance',
      (router) =>
        gullible(router, ({ affinity, pools }) => {
          const served = pools.filter(({ instances }) => instances.length > 0)
          return affinity !== undefined && served.every((pool) => pool.release !== affinity.release)
        }),
      'rules, an affinity or a mirror that lead to no instance are refused, and the table in force stays',
    ],
    [
      'takes a rule by no header and no cookie',
      (router) =>
        gullible(router, ({ rules = [] }) =>
          rules.some(({ header, cookie }) => header === undefined && cookie === undefined),
        ),
      'a rule or an affinity by no header and no cookie, or by both, is refused, and the table in force stays',
    ],
    [
      'cannot mirror, and leaves mirrors out',
      (router) => ({
        probe: async () => ({ ...MEMORY, mirror: false }),
        apply: ({ service, revision, fence, pools }) =>
          router.apply({ service, revision, fence, pools }),
      }),
      'rules, an affinity or a mirror that the router cannot do are refused, never left out',
    ],
    [
      'cannot keep users on one side, and takes an affinity',
      () => ({ probe: async () => ({ ...MEMORY, affinity: false }) }),
      'rules, an affinity or a mirror that the router cannot do are refused, never left out',
    ],
    [
      'never converges',
      (router) => ({
        converge: async (...call) => ({ ...(await router.converge(...call)), converged: false }),
      }),
      'a table that was applied converges before the deadline, with a level and its evidence',
    ],
    [
      'gives no evidence',
      (router) => ({
        converge: async (...call) => ({ ...(await router.converge(...call)), evidence: '' }),
      }),
      'a table that was applied converges before the deadline, with a level and its evidence',
    ],
    [
      'proves more than it can',
      () => ({ probe: async () => ({ inFlight: true }) }),
      'a table that was applied converges before the deadline, with a level and its evidence',
    ],
    [
      'says converged of every table',
      (router) => ({ converge: async (receipt) => proofOf(await router.observe('shop'), receipt) }),
      'a table that another one has overtaken does not converge',
    ],
    [
      'says converged of a table that it rejected',
      (router) => ({
        converge: (receipt, options) =>
          receipt.outcome === 'rejected'
            ? Promise.resolve(proofOf({ revision: 0 }, receipt))
            : router.converge(receipt, options),
      }),
      'a table that was rejected does not converge',
    ],
    [
      'waits for instances that never served',
      () => ({ drain: () => forever() }),
      'instances that never served are drained at once',
    ],
    [
      'makes up requests in flight',
      (router) => ({
        drain: async (...call) => ({ ...(await router.drain(...call)), inFlight: 1 }),
      }),
      'instances that never served are drained at once',
    ],
    [
      'does not look at the signal',
      (router) => ({
        converge: (receipt, { deadline }) => router.converge(receipt, { deadline }),
      }),
      'to converge or to drain under an aborted signal is rejected with its reason',
    ],
    [
      'rejects with an error of its own',
      (router) => ({
        drain: (...call) => router.drain(...call).catch(() => Promise.reject(new Error('no'))),
      }),
      'to converge or to drain under an aborted signal is rejected with its reason',
    ],
    [
      'looks at the signal only at first',
      (router) => ({
        drain: (service, ids, { deadline, signal }) =>
          signal?.aborted ? router.drain(service, ids, { deadline, signal }) : forever(),
      }),
      'to converge or to drain is rejected with the reason as soon as its signal is aborted',
    ],
    [
      'says converged at the deadline, come what may',
      (router) => ({
        converge: async (receipt, options) => {
          await router.converge(receipt, options)
          return proofOf({ revision: receipt.revision }, receipt)
        },
      }),
      'a table that is not followed by the deadline is reported as not converged',
    ],
  ]

  test.each(defects)('one that %s', async (_, breakIt, sentence) => {
    const broken = (router: Router): Router => ({ ...router, ...breakIt(router) })
    const create = async (): Promise<RouterSubject> => {
      const subject = inMemory()
      const [router, stalled] = [broken(subject.router), broken(subject.stalled)]
      return { ...subject, router, stalled, patience: '200ms' }
    }
    const name = `router: ${sentence}`
    expect(await failuresOf(routerConformance, create, name)).toStrictEqual([name])
  })

  test('and for every sentence of the suite that needs no request there is one', async () => {
    const caught = new Set(defects.map(([, , sentence]) => sentence))
    const failures = await failuresOf(routerConformance, async () => dumb())
    const needed = sentencesOf(routerConformance).filter((one) =>
      failures.includes(`router: ${one}`),
    )
    expect(needed.length).toBeGreaterThan(20)
    expect(needed.filter((one) => !caught.has(one))).toStrictEqual([])
  })

  test('and one that keeps it passes', async () => {
    expect(await failuresOf(routerConformance, async () => inMemory())).toStrictEqual([])
  })
})

/** What the memory router can do. */
const MEMORY = {
  inFlight: true,
  proof: 'observed',
  rules: true,
  affinity: true,
  mirror: true,
} as const

async function observedWithout(
  router: Router,
  service: string,
  part: 'rules' | 'affinity' | 'mirror',
): Promise<ObservedRoutes> {
  const routes = await router.observe(service)
  if (!routes.table) return routes
  const table = { ...routes.table }
  Reflect.deleteProperty(table, part)
  return { ...routes, table }
}

/** A table without rules, affinity or mirror leaves those of the one before in force. */
function clinging(router: Router): Partial<Router> {
  let extras: Pick<RouteTable, 'rules' | 'affinity' | 'mirror'> = {}
  return {
    apply: ({ pools, service, revision, fence, ...given }) => {
      extras = { ...extras, ...given }
      return router.apply({ pools, service, revision, fence, ...extras })
    },
  }
}

function inMemory(): RouterSubject & Required<Pick<RouterSubject, 'stalled'>> {
  const ms = LONGER_THAN_ANY_TEST_MS
  return {
    router: memoryRouter(),
    stalled: memoryRouter({ convergeAfterMs: ms, drainAfterMs: ms }),
    service: 'shop',
    close: async () => undefined,
  }
}

/** A router that fails in everything that it is asked: it passes only what is about requests, since it has no url. */
function dumb(): RouterSubject {
  const fail = (): Promise<never> => Promise.reject(new Error('no'))
  const router = { probe: fail, observe: fail, apply: fail, converge: fail, drain: fail }
  return {
    ...inMemory(),
    router: { name: 'dumb', ...router },
    stalled: { name: 'dumb', ...router },
  }
}

function applied({ service, revision }: RouteTable): Receipt {
  return { service, revision, outcome: 'applied' }
}

function proofOf({ revision }: { revision: number }, receipt: Receipt) {
  const evidence = `revision ${revision} is in force`
  return { revision: receipt.revision, converged: true, level: 'observed', evidence } as const
}

function sum(pools: RouteTable['pools']): number {
  return pools.reduce((total, { weight }) => total + weight, 0)
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}

/** Takes tables that `trusted` says yes to, though the router refuses them. */
function gullible(
  router: Router,
  trusted: (table: RouteTable, known: RouteTable) => boolean,
): Partial<Router> {
  let known: RouteTable | undefined
  let forced: RouteTable | undefined
  return {
    async apply(table) {
      if (known && trusted(table, known)) {
        forced = table
        return applied(table)
      }
      const receipt = await router.apply(table)
      if (receipt.outcome === 'applied') known = table
      return receipt
    },
    observe: async (service) => ({ ...(await router.observe(service)), ...shown(forced) }),
  }
}

function shown(table: RouteTable | undefined) {
  return table ? { table, revision: table.revision, fence: table.fence } : {}
}

/** Shows a table that it said to have rejected. */
function sly(router: Router): Partial<Router> {
  let taken: RouteTable | undefined
  return {
    async apply(table) {
      const receipt = await router.apply(table)
      if (receipt.outcome === 'rejected') taken = table
      return receipt
    },
    observe: async (service) => ({ ...(await router.observe(service)), ...shown(taken) }),
  }
}

/** Shows how many tables it has been given. */
function restarting(router: Router): Partial<Router> {
  let tables = 0
  return {
    apply: (table) => {
      tables += 1
      return router.apply(table)
    },
    observe: async (service) => ({
      ...(await router.observe(service)),
      drift: tables > 1 ? ['it was reloaded'] : [],
    }),
  }
}

/** Says applied of everything under a revision that it knows. */
function oncePerRevision(router: Router): Router['apply'] {
  const known = new Set<number>()
  return async (table) => {
    if (known.has(table.revision)) return applied(table)
    known.add(table.revision)
    return router.apply(table)
  }
}

function sharing(router: Router): Partial<Router> {
  let given: RouteTable | undefined
  return {
    apply: (table) => {
      given = table
      return router.apply(table)
    },
    observe: async (service) => ({ ...(await router.observe(service)), ...shown(given) }),
  }
}
