import assert from 'node:assert/strict'
import { FULL_WEIGHT, type ObservedRoutes, type RouteTable, routesAlike } from '@changeover/engine'
import { refused } from './case-refusal.ts'
import type { RouterBench, RouterCase } from './router-bench.ts'

/** What tables do, and what is seen of them. */
export const tableCases: readonly RouterCase[] = [
  [
    'a probe answers with what the router can do',
    async ({ router }) => {
      const { granularity = 1, split, proof, ...abilities } = await router.probe()
      const whole = Number.isInteger(granularity) && granularity > 0 && granularity <= FULL_WEIGHT
      assert.ok(whole, `a step of ${granularity} basis points`)
      assert.ok([undefined, 'request', 'connection'].includes(split), `splits by ${split}`)
      assert.ok([undefined, 'accepted', 'programmed', 'observed'].includes(proof), String(proof))
      const { inFlight, durable, rules, affinity, mirror } = abilities
      for (const can of [inFlight, durable, rules, affinity, mirror])
        assert.ok([undefined, true, false].includes(can), `${can} is yes or no`)
    },
  ],
  [
    'a service that nothing was applied for is observed at revision 0, without a table',
    async ({ router, service }) => {
      for (const name of [service, `not-${service}`]) {
        const { table, revision, service: named } = await router.observe(name)
        assert.deepEqual({ table, revision, named }, { table: undefined, revision: 0, named: name })
      }
    },
  ],
  [
    'a table that was applied is the one observed',
    async (bench) => {
      for (const weights of [{ a: 9_000, b: 1_000 }, { b: FULL_WEIGHT }]) {
        const table = await bench.route(weights)
        assertInForce(await observed(bench), table)
      }
    },
  ],
  [
    'the same table twice changes nothing',
    async (bench) => {
      const table = await bench.route({ a: 9_000, b: 1_000 })
      const before = await observed(bench)
      await bench.put(structuredClone(table))
      assert.deepEqual(await observed(bench), before)
    },
  ],
  [
    'a table of an older revision is rejected, and the one in force stays',
    async (bench) => {
      const older = await bench.table({ a: FULL_WEIGHT }, { revision: 4 })
      const table = await bench.table({ b: FULL_WEIGHT }, { revision: 5 })
      await bench.put(table)
      await assertRejected(bench, older)
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'a table under an older fence is rejected, and the one in force stays',
    async (bench) => {
      const table = await bench.table({ b: FULL_WEIGHT }, { revision: 5, fence: 3 })
      await bench.put(table)
      await assertRejected(bench, await bench.table({ a: FULL_WEIGHT }, { revision: 6, fence: 2 }))
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'other routes under the revision in force are rejected, or are in force from then on',
    async (bench) => {
      const table = await bench.table({ a: FULL_WEIGHT }, { revision: 5 })
      const rival = await bench.table({ b: FULL_WEIGHT }, { revision: 5, fence: 2 })
      await bench.put(table)
      const { outcome } = await bench.router.apply(rival)
      if (outcome === 'applied') await bench.put(rival)
      assertInForce(await observed(bench), outcome === 'applied' ? rival : table)
    },
  ],
  [
    'weights that do not sum to the whole are refused, and the table in force stays',
    async (bench) => {
      const { router } = bench
      const table = await bench.route({ a: 9_000, b: 1_000 })
      for (const weights of [
        { a: 9_000, b: 999 },
        { a: 5_000, b: 5_001 },
        { a: 0, b: 0 },
      ]) {
        await refused('CHANGEOVER_WEIGHTS_INVALID', router.apply(await bench.table(weights)))
      }
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'a weight that is finer than the router can split is refused, and never rounded',
    async (bench) => {
      const { granularity = 1 } = await bench.router.probe()
      if (granularity === 1) return
      const table = await bench.route({ a: FULL_WEIGHT })
      const fine = await bench.table({ a: FULL_WEIGHT - 1, b: 1 })
      const [answer] = await Promise.allSettled([bench.router.apply(fine)])
      const applied = answer.status === 'fulfilled' && answer.value.outcome !== 'rejected'
      assert.ok(!applied, `1 basis point is less than the router's step of ${granularity}`)
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'a table that is changed after it was applied changes nothing',
    async (bench) => {
      const table = await bench.route({ a: 9_000, b: 1_000 })
      const before = structuredClone(await observed(bench))
      for (const pool of table.pools) {
        for (const instance of pool.instances) Object.assign(instance, { address: '127.0.0.1:1' })
        Object.assign(pool, { weight: 5_000 })
      }
      assert.deepEqual(await observed(bench), before)
    },
  ],
]

/** What the router under test says is in force. */
export async function observed({ router, service }: RouterBench): Promise<ObservedRoutes> {
  return router.observe(service)
}

/** Asserts that these routes are the table, and that the router follows it. */
export function assertInForce(routes: ObservedRoutes, table: RouteTable): void {
  const { service, revision, fence } = table
  assert.deepEqual(
    { service: routes.service, revision: routes.revision, fence: routes.fence },
    { service, revision, fence },
  )
  assert.ok(
    routes.table && routesAlike(routes.table, table),
    'the table observed is the one applied',
  )
  assert.ok(routes.converged, 'the router follows it')
  assert.deepEqual(routes.drift, [])
}

async function assertRejected({ router }: RouterBench, table: RouteTable): Promise<void> {
  const { outcome, service, revision, reason } = await router.apply(table)
  assert.deepEqual(
    { outcome, service, revision },
    { outcome: 'rejected', service: table.service, revision: table.revision },
  )
  assert.ok(reason, 'a rejection says why')
}
