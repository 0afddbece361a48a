import assert from 'node:assert/strict'
import { FULL_WEIGHT, routesAlike, type RouteTable } from '@changeover/engine'
import type { RouterBench, RouterCase } from './router-bench.ts'
import { needing } from './router-hooks.ts'
import { assertInForce, observed } from './router-table-cases.ts'
import { countReleases } from './router-traffic-cases.ts'

const SHORT_MS = 100
const SAMPLE = 40

/** What becomes of a table that the router refuses, or takes and forgets. */
export const refusalCases: readonly RouterCase[] = [
  [
    'a change that the router refuses is rejected, the table before stays in force, and the same one is taken later',
    needing(['refuseChanges'], async (bench) => {
      const table = await bench.route({ a: FULL_WEIGHT })
      const next = await bench.table({ b: FULL_WEIGHT })
      const relent = await bench.refuseChanges()
      const { outcome, reason } = await bench.router.apply(next)
      assert.deepEqual([outcome, Boolean(reason)], ['rejected', true], String(reason))
      await assertStill(bench, table)
      await assertServedBy(bench, ['a'])
      await relent()
      await bench.put(next)
      assertInForce(await observed(bench), next)
      await assertServedBy(bench, ['b'])
    }),
  ],
  [
    'a change to which the router only says yes is never taken for done',
    needing(['ignoreChanges'], async (bench) => {
      const { router, patience } = bench
      await bench.route({ a: FULL_WEIGHT })
      const next = await bench.table({ b: FULL_WEIGHT })
      const stop = await bench.ignoreChanges()
      const receipt = await router.apply(next)
      const waiting = router.converge(receipt, { deadline: SHORT_MS })
      const { converged, evidence } = await patience.soon('converge ends', waiting)
      assert.equal(converged, false, evidence)
      assertNotInForce(await observed(bench), next)
      await assertServedBy(bench, ['a'])
      await stop()
      await bench.put(next)
      assertInForce(await observed(bench), next)
      await assertServedBy(bench, ['b'])
    }),
  ],
]

/** Asserts that requests, where any can be sent, are answered by all of these releases and by nobody else. */
export async function assertServedBy(
  { traffic }: RouterBench,
  releases: readonly string[],
): Promise<void> {
  if (!traffic) return
  const counts = countReleases(await traffic.freshClient.askMany(SAMPLE))
  assert.deepEqual(Object.keys(counts).toSorted(), releases.toSorted(), JSON.stringify(counts))
}

/** Asserts that a table is the one in force, whatever the router says of a change that it refused. */
async function assertStill(bench: RouterBench, table: RouteTable): Promise<void> {
  const routes = await observed(bench)
  const { revision, fence } = table
  assert.deepEqual(
    { revision: routes.revision, fence: routes.fence, converged: routes.converged },
    { revision, fence, converged: true },
  )
  assert.ok(routes.table && routesAlike(routes.table, table), 'the table before is in force')
}

/** Asserts that nobody can read from `routes` that the table is followed. */
export function assertNotInForce(
  routes: Awaited<ReturnType<typeof observed>>,
  table: RouteTable,
): void {
  assert.ok(!claims(routes, table), 'a table that is not followed is not observed as if it were')
}

/** Whether these routes say that the table is followed. */
export function claims(
  { table: shown, converged, drift, revision }: Awaited<ReturnType<typeof observed>>,
  table: RouteTable,
): boolean {
  const alike = shown !== undefined && routesAlike(shown, table)
  return alike && revision === table.revision && converged && drift.length === 0
}
