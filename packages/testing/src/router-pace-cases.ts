import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Router } from '@changeover/engine'
import { aWhile } from './case-patience.ts'
import { rejectedWith } from './case-refusal.ts'
import { rawConnection } from './raw-connection.ts'
import { onTraffic, type RouterBench, type RouterCase } from './router-bench.ts'
import { assertServedBy } from './router-refusal-cases.ts'
import { assertInForce, observed } from './router-table-cases.ts'

const TABLES = ['a', 'b', 'c', 'd', 'e'] as const
const SHORT_MS = 100

/** Callers that do not wait for a router, or no longer. */
export const paceCases: readonly RouterCase[] = [
  [
    'of tables that are applied before the ones before them converge the last is in force, and no other converges',
    async (bench) => {
      const { router, patience } = bench
      const receipts = []
      for (const release of TABLES)
        receipts.push(await router.apply(await bench.table({ [release]: FULL_WEIGHT })))
      for (const { outcome, reason } of receipts) assert.equal(outcome, 'applied', reason)
      for (const [i, receipt] of receipts.entries()) {
        const last = i === TABLES.length - 1
        const waiting = router.converge(receipt, { deadline: last ? patience.ms : SHORT_MS })
        const { converged, evidence } = await patience.soon('converge ends', waiting)
        assert.equal(converged, last, evidence)
      }
      await assertServedBy(bench, ['e'])
    },
  ],
  [
    'of tables that are applied all at once the newest is in force',
    async (bench) => {
      const { router, patience } = bench
      const tables = []
      for (const release of TABLES) tables.push(await bench.table({ [release]: FULL_WEIGHT }))
      const applying = Promise.all(tables.map((table) => router.apply(table)))
      const outcomes = (await patience.soon('all are answered', applying)).map((one) => one.outcome)
      assert.ok(
        outcomes.every((outcome) => ['applied', 'rejected'].includes(outcome)),
        outcomes.join(),
      )
      const newest = tables.at(-1)
      assert.ok(newest)
      await bench.put(newest)
      assertInForce(await observed(bench), newest)
      await assertServedBy(bench, ['e'])
    },
  ],
  [
    'a wait for a table that has no time ends, and says how far the table came',
    async ({ router, table, patience }) => {
      const receipt = await router.apply(await table({ a: FULL_WEIGHT }))
      for (const deadline of [0, 1]) {
        const waiting = router.converge(receipt, { deadline })
        const proof = await patience.soon('converge ends', waiting)
        assert.equal(proof.revision, receipt.revision)
        assert.match(proof.evidence, /\w/, 'a proof says what it rests on')
      }
    },
  ],
  [
    'a call under an aborted signal is rejected with its reason, and changes nothing',
    async (bench) => {
      const reason = new Error('enough')
      const table = await bench.route({ a: FULL_WEIGHT })
      const next = await bench.table({ b: FULL_WEIGHT })
      for (const call of calls(bench, bench.router))
        await rejectedWith(reason, bench.patience.soon('it ends', call(AbortSignal.abort(reason))))
      const applying = bench.router.apply(next, { signal: AbortSignal.abort(reason) })
      await rejectedWith(reason, bench.patience.soon('apply ends', applying))
      assertInForce(await observed(bench), table)
    },
  ],
  ...onTraffic([
    [
      'the same table again cuts no connection, whoever applies it',
      async (bench) => {
        const table = await bench.route({ a: FULL_WEIGHT })
        const connection = rawConnection(bench.url ?? '')
        const ask = async (): Promise<string> => {
          const before = connection.text().length
          connection.write(`GET / HTTP/1.1\r\nHost: ${new URL(bench.url ?? '').host}\r\n\r\n`)
          const answer = connection.until(/\r\n\r\n[^]*a-1/, before)
          return (await bench.patience.soon('it is answered', answer)).slice(before)
        }
        try {
          assert.match(await ask(), /^HTTP\/1\.1 200 /)
          await bench.put(structuredClone(table))
          const successor = await bench.attach?.()
          await successor?.apply(structuredClone(table))
          await successor?.[Symbol.asyncDispose]?.()
          await aWhile()
          assert.match(await ask(), /^HTTP\/1\.1 200 /, 'its connection is still there')
        } finally {
          connection.close()
        }
      },
    ],
  ]),
]

function calls({ service }: RouterBench, router: Router) {
  return [
    (signal: AbortSignal): Promise<unknown> => router.probe({ signal }),
    (signal: AbortSignal): Promise<unknown> => router.observe(service, { signal }),
  ]
}
