import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Router } from '@changeover/engine'
import { refused } from './case-refusal.ts'
import type { Extras, RouterCase } from './router-bench.ts'
import { assertInForce, observed } from './router-table-cases.ts'

/** Rules, affinity and mirror in tables: kept, cleared, or refused; never taken and forgotten. */
export const extrasCases: readonly RouterCase[] = [
  [
    'rules, an affinity and a mirror that the router can do are observed as they were applied',
    async (bench) => {
      const { can } = await abilities(bench.router)
      for (const extras of can) {
        const table = await bench.route({ a: FULL_WEIGHT / 2, b: FULL_WEIGHT / 2 }, extras)
        assertInForce(await observed(bench), table)
      }
    },
  ],
  [
    'a table without rules, affinity and mirror clears those of the one before, and with the weights alike',
    async (bench) => {
      const { can } = await abilities(bench.router)
      const weights = { a: FULL_WEIGHT / 2, b: FULL_WEIGHT / 2 }
      for (const extras of can) {
        await bench.route(weights, extras)
        const table = await bench.route(weights)
        assertInForce(await observed(bench), table)
      }
    },
  ],
  [
    'rules, an affinity or a mirror that lead to no instance are refused, and the table in force stays',
    async (bench) => {
      const { can } = await abilities(bench.router)
      const table = await bench.route({ a: FULL_WEIGHT })
      for (const extras of can) {
        const lost = { ...(await bench.table({ a: FULL_WEIGHT })), ...extras }
        await refused('CHANGEOVER_WEIGHTS_INVALID', bench.router.apply(lost))
        const pools = [...lost.pools, { release: 'b', weight: 0, instances: [] }]
        await refused('CHANGEOVER_WEIGHTS_INVALID', bench.router.apply({ ...lost, pools }))
      }
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'a rule or an affinity by no header and no cookie, or by both, is refused, and the table in force stays',
    async (bench) => {
      const { can } = await abilities(bench.router)
      const table = await bench.route({ a: FULL_WEIGHT })
      for (const { rules, affinity } of can) {
        for (const place of [{}, { header: 'x-b', cookie: 'b' }, { header: 'x b: 1\r\n' }]) {
          const vague = {
            ...(rules ? { rules: [{ release: 'a', ...place }] } : {}),
            ...(affinity ? { affinity: { release: 'a', salt: 'r1', ...place } } : {}),
          }
          if (!rules && !affinity) continue
          const next = { ...(await bench.table({ a: FULL_WEIGHT })), ...vague }
          await refused('CHANGEOVER_WEIGHTS_INVALID', bench.router.apply(next))
        }
      }
      assertInForce(await observed(bench), table)
    },
  ],
  [
    'rules, an affinity or a mirror that the router cannot do are refused, never left out',
    async (bench) => {
      const { cannot } = await abilities(bench.router)
      const weights = { a: FULL_WEIGHT / 2, b: FULL_WEIGHT / 2 }
      const table = await bench.route(weights)
      for (const extras of cannot) {
        const next = { ...(await bench.table(weights)), ...extras }
        const [answer] = await Promise.allSettled([bench.router.apply(next)])
        const taken = answer.status === 'fulfilled' && answer.value.outcome !== 'rejected'
        assert.ok(!taken, `${Object.keys(extras).join()}: the router says that it cannot`)
      }
      assertInForce(await observed(bench), table)
    },
  ],
]

/** One of each, leading to release `b`. */
const ALL: Required<{ readonly [Part in keyof Extras]: Pick<Extras, Part> }> = {
  rules: {
    rules: [
      { release: 'b', header: 'x-preview' },
      { release: 'b', cookie: 'preview', value: 'yes' },
    ],
  },
  affinity: { affinity: { release: 'b', salt: 'r1', cookie: 'uid' } },
  mirror: { mirror: { release: 'b', weight: FULL_WEIGHT / 2 } },
}

/** Which of them the router says it can do. */
async function abilities(router: Router): Promise<Record<'can' | 'cannot', readonly Extras[]>> {
  const { rules = false, affinity = false, mirror = false } = await router.probe()
  const parts: readonly [able: boolean, extras: Extras][] = [
    [rules, ALL.rules],
    [affinity, ALL.affinity],
    [mirror, ALL.mirror],
  ]
  const those = (wanted: boolean): readonly Extras[] =>
    parts.filter(([able]) => able === wanted).map(([, extras]) => extras)
  return { can: those(true), cannot: those(false) }
}
