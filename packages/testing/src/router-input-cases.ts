import assert from 'node:assert/strict'
import { FULL_WEIGHT, type RouteTable, routesAlike } from '@changeover/engine'
import { oddTables, PLACES } from './hostile-tables.ts'
import { hostileTexts } from './hostile-text.ts'
import type { Extras, RouterBench, RouterCase } from './router-bench.ts'
import { needing } from './router-hooks.ts'
import { assertServedBy } from './router-refusal-cases.ts'
import { assertInForce, observed } from './router-table-cases.ts'

const SEED = 20
const MIXED = 3
const HALF = FULL_WEIGHT / 2

/** What a table may say without harm to the router: anything at all. */
export const inputCases: readonly RouterCase[] = [
  ...textCases(),
  [
    'weights, revisions, fences and addresses that are none are refused with a code, and the table in force stays',
    async (bench) => {
      const table = await bench.route({ a: FULL_WEIGHT })
      for (const odd of await oddTables(bench)) await assertHarmless(bench, odd, 'never')
      assertInForce(await observed(bench), table)
      await assertServedBy(bench, ['a'])
    },
  ],
  [
    'what else the router serves and keeps is as it was, after tables of all kinds',
    needing(['foreign'], async (bench) => {
      const before = await bench.foreign()
      const unchanged = async (after: string): Promise<void> =>
        assert.equal(await bench.foreign(), before, `unchanged after ${after}`)
      const { rules = false, affinity = false } = await bench.router.probe()
      const uid = { release: 'b', salt: 'r1', cookie: 'uid' }
      const kinds: Readonly<Record<string, Extras>> = {
        'a split': {},
        ...(rules ? { 'a rule': { rules: [{ release: 'b', header: 'x-preview' }] } } : {}),
        ...(affinity ? { 'an affinity': { affinity: uid } } : {}),
      }
      for (const [kind, extras] of Object.entries(kinds)) {
        await bench.route({ a: HALF, b: HALF }, extras)
        await unchanged(kind)
      }
      await bench.put(await bench.table({}))
      await unchanged('an empty table')
      await bench.route({ b: FULL_WEIGHT })
      if (bench.restart) await bench.restart()
      await unchanged(bench.restart ? 'a restart' : 'a full weight')
    }),
  ],
]

function textCases(): readonly RouterCase[] {
  return Object.entries(PLACES).map(([what, place]) => [
    `${what} may hold anything: each is refused with a code, or means itself and nothing else`,
    async (bench) => {
      const foreign = await bench.foreign?.()
      await bench.route({ a: FULL_WEIGHT })
      for (const text of hostileTexts(MIXED, SEED)) {
        const table = await bench.table({ a: FULL_WEIGHT, b: 0 })
        await assertHarmless(bench, place(table, text), 'maybe')
      }
      assert.equal(await bench.foreign?.(), foreign, 'what else the router serves is as it was')
      await assertServedBy(bench, ['a'])
      await bench.route({ b: FULL_WEIGHT })
      await assertServedBy(bench, ['b'])
    },
  ])
}

/** The table is refused with a code, or rejected; or it is in force as it is, where that may be. */
export async function assertHarmless(
  { router, patience }: RouterBench,
  table: RouteTable,
  mayApply: 'maybe' | 'never',
): Promise<'applied' | 'refused'> {
  const told = JSON.stringify(table).slice(0, 2_000)
  const [answer] = await Promise.allSettled([patience.soon('apply ends', router.apply(table))])
  if (answer.status === 'rejected') {
    assertCoded(answer.reason, told)
    return 'refused'
  }
  const receipt = answer.value
  if (receipt.outcome === 'rejected') {
    assert.ok(receipt.reason, `rejected without a reason: ${told}`)
    return 'refused'
  }
  assert.deepEqual([receipt.outcome, mayApply], ['applied', 'maybe'], `${receipt.reason}: ${told}`)
  const proof = await patience.soon(
    'converge ends',
    router.converge(receipt, { deadline: patience.ms }),
  )
  assert.ok(proof.converged, `${proof.evidence}: ${told}`)
  const routes = await router.observe(table.service)
  assert.ok(routes.table && routesAlike(routes.table, table), `in force as it is: ${told}`)
  assert.deepEqual(routes.drift, [])
  return 'applied'
}

function assertCoded(error: unknown, told: string): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  assert.match(code, /^CHANGEOVER_/, `refused with a code: ${told}`)
}
