import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Receipt, type Router } from '@changeover/engine'
import { ENDLESS_MS, underway } from './case-patience.ts'
import { rejectedWith } from './case-refusal.ts'
import type { RouterBench, RouterCase } from './router-bench.ts'

const LEVELS = ['accepted', 'programmed', 'observed'] as const
const SHORT_MS = 100

/** What waiting for a router does: for its tables to be followed, and for its instances to drain. */
export const waitCases: readonly RouterCase[] = [
  [
    'a table that was applied converges before the deadline, with a level and its evidence',
    async ({ router, table, patience }) => {
      const receipt = await router.apply(await table({ a: FULL_WEIGHT }))
      assert.equal(receipt.outcome, 'applied', receipt.reason)
      const proof = await router.converge(receipt, { deadline: patience.ms })
      assert.deepEqual([proof.converged, proof.revision], [true, receipt.revision], proof.evidence)
      const { proof: strongest = 'accepted' } = await router.probe()
      const promised = LEVELS.slice(0, LEVELS.indexOf(strongest) + 1)
      assert.ok(promised.includes(proof.level), `${proof.level} is one of ${promised.join(', ')}`)
      assert.match(proof.evidence, /\w/, 'a proof says what it rests on')
    },
  ],
  [
    'a table that another one has overtaken does not converge',
    async ({ router, table, route, patience }) => {
      const overtaken = await router.apply(await table({ a: FULL_WEIGHT }))
      await route({ b: FULL_WEIGHT })
      const waiting = router.converge(overtaken, { deadline: SHORT_MS })
      const { converged } = await patience.soon('converge ends', waiting)
      assert.equal(converged, false)
    },
  ],
  [
    'a table that was rejected does not converge',
    async ({ router, table, route, patience }) => {
      const stale = await table({ a: FULL_WEIGHT }, { revision: 4 })
      await route({ b: FULL_WEIGHT })
      const rejected = await router.apply(stale)
      const waiting = router.converge(rejected, { deadline: SHORT_MS })
      const { converged } = await patience.soon('converge ends', waiting)
      assert.equal(converged, false)
    },
  ],
  [
    'instances that never served are drained at once',
    async ({ router, service, route, patience }) => {
      await route({ a: FULL_WEIGHT })
      const { inFlight: counts = false } = await router.probe()
      const waiting = router.drain(service, ['b-1', 'c-1'], { deadline: ENDLESS_MS })
      const { drained, inFlight, longLived, forced } = await patience.soon('drain ends', waiting)
      const nothing = { inFlight: counts ? 0 : inFlight, longLived: 0, forced: 0 }
      assert.deepEqual({ inFlight, longLived, forced }, nothing)
      assert.equal(drained, true)
    },
  ],
  [
    'to converge or to drain under an aborted signal is rejected with its reason',
    async (bench) => {
      const { patience } = bench
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const { converge, drain } = await waits(bench.router, bench)
      await rejectedWith(reason, patience.soon('converge ends', converge({ signal })))
      await rejectedWith(reason, patience.soon('drain ends', drain({ signal })))
    },
  ],
  [
    'to converge or to drain is rejected with the reason as soon as its signal is aborted',
    async (bench) => {
      const { stalled, patience } = bench
      if (!stalled) return
      const reason = new Error('enough')
      const { converge, drain } = await waits(stalled, bench)
      const controller = new AbortController()
      const { signal } = controller
      const waiting = [
        underway<unknown>(converge({ signal })),
        underway<unknown>(drain({ signal })),
      ]
      controller.abort(reason)
      for (const { result } of waiting)
        await rejectedWith(reason, patience.soon('the wait ends', result))
    },
  ],
  [
    'a table that is not followed by the deadline is reported as not converged',
    async (bench) => {
      const { stalled, patience } = bench
      if (!stalled) return
      const { converge } = await waits(stalled, bench)
      const { converged, level } = await patience.soon(
        'converge ends',
        converge({ deadline: SHORT_MS }),
      )
      assert.deepEqual([converged, level], [false, 'accepted'])
    },
  ],
]

interface Wait {
  readonly signal?: AbortSignal
  readonly deadline?: number
}

/** The two waits, for a table of `a` alone after one of `b`: what `a` gets, and what is left of `b`. */
async function waits(router: Router, { service, table }: RouterBench) {
  await router.apply(await table({ b: FULL_WEIGHT }))
  const receipt: Receipt = await router.apply(await table({ a: FULL_WEIGHT }))
  return {
    converge: (wait: Wait) => router.converge(receipt, { deadline: ENDLESS_MS, ...wait }),
    drain: (wait: Wait) => router.drain(service, ['b-1'], { deadline: ENDLESS_MS, ...wait }),
  }
}
