import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Receipt, type Router, type RouteTable } from '@changeover/engine'
import type { RouterBench, RouterCase } from './router-bench.ts'
import { needing } from './router-hooks.ts'
import { assertServedBy, claims } from './router-refusal-cases.ts'
import { assertInForce } from './router-table-cases.ts'

const ROUNDS = 3
const CALLS = ['apply', 'converge', 'drain'] as const

/** Several engines at one router, each with an adapter of its own: one after another, or at once. */
export const takeoverCases: readonly RouterCase[] = [
  [
    'of two adapters that apply different routes under one revision at once exactly one wins, and the other is told',
    needing(['attach'], async (bench) => {
      await withAttached(bench, async (other) => {
        for (let round = 0; round < ROUNDS; round += 1) await race(bench, other)
      })
    }),
  ],
  [
    'two adapters that apply the same table at once bring it in force, and neither is in the way of the other',
    needing(['attach'], async (bench) => {
      const { router, service } = bench
      await withAttached(bench, async (other) => {
        await bench.route({ a: FULL_WEIGHT })
        const next = await bench.table({ b: FULL_WEIGHT })
        await Promise.all([router.apply(next), other.apply(structuredClone(next))])
        for (const one of [router, other]) {
          await putThrough(bench, one, next)
          assertInForce(await one.observe(service), next)
        }
        await assertServedBy(bench, ['b'])
      })
    }),
  ],
  [
    'an older fence changes nothing through an adapter that knows of no newer one, not even after an empty table',
    needing(['attach'], async (bench) => {
      const stale = await bench.table({ b: FULL_WEIGHT }, { revision: 90, fence: 2 })
      const leading = [
        await bench.table({ a: FULL_WEIGHT }, { revision: 5, fence: 3 }),
        await bench.table({}, { revision: 6, fence: 3 }),
      ]
      for (const table of leading) {
        await bench.put(table)
        await withAttached(bench, (late) => assertTooLate(bench, late, stale, table))
      }
    }),
  ],
  [
    'where tables outlive the router, an older fence changes nothing after its restart either',
    needing(['attach', 'restart'], async (bench) => {
      if (!(await bench.router.probe()).durable) return
      const stale = await bench.table({ b: FULL_WEIGHT }, { revision: 90, fence: 2 })
      const table = await bench.table({ a: FULL_WEIGHT }, { revision: 5, fence: 3 })
      await bench.put(table)
      await bench.restart()
      await withAttached(bench, async (late) => {
        await bench.patience.eventually('the table is back', async () =>
          claims(await late.observe(bench.service), table),
        )
        await assertTooLate(bench, late, stale, table)
      })
      await assertServedBy(bench, ['a'])
    }),
  ],
  ...CALLS.map((last): RouterCase => [
    `another adapter goes on where one has vanished after its ${last}`,
    needing(['attach'], async (bench) => {
      await bench.route({ a: FULL_WEIGHT })
      const next = await bench.table({ b: FULL_WEIGHT })
      await beginChange(bench, next, last)
      await withAttached(bench, (successor) => finishChange(bench, successor, next))
      await assertServedBy(bench, ['b'])
    }),
  ]),
]

/** Uses another adapter of the same router, and puts it away. */
async function withAttached(
  { attach }: Required<Pick<RouterBench, 'attach'>>,
  use: (router: Router) => Promise<void>,
): Promise<void> {
  const attached = await attach()
  try {
    await use(attached)
  } finally {
    await attached[Symbol.asyncDispose]?.()
  }
}

/** Both adapters know the table in force; then each of them wants to follow it with another one. */
async function race(bench: RouterBench, other: Router): Promise<void> {
  const { router, service, patience } = bench
  const { revision } = await bench.route({ a: FULL_WEIGHT / 2, b: FULL_WEIGHT / 2 })
  const mine = await bench.table({ a: FULL_WEIGHT }, { revision: revision + 1 })
  const theirs = await bench.table({ b: FULL_WEIGHT }, { revision: revision + 1 })
  const both = Promise.all([router.apply(mine), other.apply(theirs)])
  const receipts = await patience.soon('both are answered', both)
  const told = receipts.map(({ outcome }) => outcome).toSorted()
  assert.deepEqual(told, ['applied', 'rejected'], 'one wins, and the other is told')
  for (const receipt of receipts.filter(lost)) assert.ok(receipt.reason, 'and is told why')
  const winner = lost(receipts[0]) ? theirs : mine
  for (const one of [router, other]) {
    await putThrough(bench, one, winner)
    assertInForce(await one.observe(service), winner)
  }
  await assertServedBy(bench, [winner === mine ? 'a' : 'b'])
}

function lost({ outcome }: Receipt): boolean {
  return outcome !== 'applied'
}

async function assertTooLate(
  { service }: RouterBench,
  late: Router,
  stale: RouteTable,
  table: RouteTable,
): Promise<void> {
  const { outcome, reason } = await late.apply(stale)
  assert.equal(outcome, 'rejected', `a table under fence ${stale.fence}: ${reason}`)
  assert.ok(reason, 'a rejection says why')
  assertInForce(await late.observe(service), table)
}

async function putThrough(
  { patience }: RouterBench,
  router: Router,
  table: RouteTable,
): Promise<void> {
  const receipt = await router.apply(table)
  assert.equal(receipt.outcome, 'applied', receipt.reason)
  const converging = router.converge(receipt, { deadline: patience.ms })
  const { converged, evidence } = await patience.soon('converge ends', converging)
  assert.ok(converged, `a table that was applied converges: ${evidence}`)
}

/** What an engine does with a table until it dies. */
async function beginChange(
  { router, service, patience }: RouterBench,
  table: RouteTable,
  last: (typeof CALLS)[number],
): Promise<void> {
  const receipt = await router.apply(table)
  assert.equal(receipt.outcome, 'applied', receipt.reason)
  if (last === 'apply') return
  await patience.soon('converge ends', router.converge(receipt, { deadline: patience.ms }))
  if (last === 'converge') return
  await patience.soon('drain ends', router.drain(service, ['a-1'], { deadline: patience.ms }))
}

/** What its successor does, which knows of nothing. */
async function finishChange(bench: RouterBench, router: Router, table: RouteTable): Promise<void> {
  const { service, patience } = bench
  const { revision, fence } = await router.observe(service)
  const applied = { revision: table.revision, fence: table.fence }
  assert.deepEqual({ revision, fence }, applied, 'what was applied is observed')
  await putThrough(bench, router, table)
  const routes = await router.observe(service)
  assertInForce(routes, table)
  await putThrough(bench, router, structuredClone(table))
  assert.deepEqual(await router.observe(service), routes, 'the same table again changes nothing')
  const draining = router.drain(service, ['a-1'], { deadline: patience.ms })
  const { inFlight } = await patience.soon('drain ends', draining)
  assert.ok(inFlight === 0 || inFlight === 'unknown', `${inFlight} in flight`)
}
