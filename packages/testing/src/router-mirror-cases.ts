import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { FULL_WEIGHT } from '@changeover/engine'
import type { ConformanceCase } from './conformance-case.ts'
import { onTraffic, type RouterBench, type RouterCase, type RouterTraffic } from './router-bench.ts'
import { countReleases } from './router-traffic-cases.ts'
import type { Backend } from './traffic-backend.ts'

const REQUESTS = 200
/** How long to look for copies that there should be none of, in milliseconds. */
const LOOK_MS = 100

interface MirrorBench extends RouterBench, RouterTraffic {
  /** The next basis points that the router can represent. */
  readonly step: (weight: number) => number
  /** Release `a` answers, and so much of its requests is copied to `b`. */
  readonly mirrored: (weight: number) => Promise<Backend>
}

type MirrorCase = ConformanceCase<MirrorBench>

const cases: readonly MirrorCase[] = [
  [
    'the share of requests that a mirror names is copied, and every answer is that of the release that was asked',
    async (bench) => {
      const { client, mirrored, step, shareError = 2, note } = bench
      for (const share of [1_000, FULL_WEIGHT]) {
        const weight = step(share)
        const copies = await mirrored(weight)
        const before = copies.asked
        assert.deepEqual(countReleases(await client.askMany(REQUESTS)), { a: REQUESTS })
        const exact = (REQUESTS * weight) / FULL_WEIGHT
        await arrived(bench, copies, before + exact - shareError)
        const copied = copies.asked - before
        note({ [`copies of ${REQUESTS} at ${weight}`]: copied })
        assert.ok(Math.abs(copied - exact) <= shareError, `${copied} copies for ${exact}`)
      }
    },
  ],
  [
    'a mirror that does not answer, fails or is gone holds no request up and fails none',
    async ({ client, mirrored, patience }) => {
      const copies = await mirrored(FULL_WEIGHT)
      const askMany = async (): Promise<void> => {
        const answers = await patience.soon('requests are answered', client.askMany(REQUESTS))
        assert.deepEqual(countReleases(answers), { a: REQUESTS })
      }
      const release = copies.hold()
      await askMany()
      release()
      copies.answerWith(500)
      await askMany()
      await copies.close()
      await askMany()
    },
  ],
  [
    'once the next table has converged, nothing is copied any more',
    async (bench) => {
      const { client, mirrored, route } = bench
      const copies = await mirrored(FULL_WEIGHT)
      await client.askMany(20)
      await arrived(bench, copies, 20)
      await route({ a: FULL_WEIGHT, b: 0 })
      const before = copies.asked
      await client.askMany(REQUESTS)
      await sleep(LOOK_MS)
      assert.equal(copies.asked, before)
    },
  ],
  [
    'where the router counts, copies count for the release that they went to, and for no other',
    async (bench) => {
      const { router, service, client, mirrored } = bench
      if (!router.traffic) return
      const copies = await mirrored(FULL_WEIGHT)
      copies.answerWith(503)
      await client.askMany(50)
      await arrived(bench, copies, 50)
      const counted = async (): Promise<boolean> =>
        ((await router.traffic?.(service))?.['b']?.total ?? 0) >= 50
      await until(counted, bench.patience.ms)
      const { a, b } = await router.traffic(service)
      assert.deepEqual([a?.total, a?.bad, b?.total, b?.bad], [50, 0, 50, 50])
    },
  ],
  [
    'an instance is not drained before the copies that it was sent have ended',
    async ({ router, service, client, mirrored, route, patience }) => {
      if (!(await router.probe()).inFlight) return
      const copies = await mirrored(FULL_WEIGHT)
      const release = copies.hold()
      await client.askMany(3)
      await patience.soon('copies arrive', copies.untilHeld(3))
      await route({ a: FULL_WEIGHT })
      const early = await router.drain(service, [copies.instance.id], { deadline: LOOK_MS })
      assert.deepEqual([early.drained, early.inFlight], [false, 3])
      release()
      const drained = await router.drain(service, [copies.instance.id], { deadline: patience.ms })
      assert.equal(drained.drained, true)
    },
  ],
]

/** Copies of requests, where the router says that it can make them. */
export const mirrorCases: readonly RouterCase[] = onTraffic(
  cases.map(([name, check]) => [
    name,
    async (bench) => {
      const { mirror = false, granularity = 1 } = await bench.router.probe()
      if (!mirror) return
      const step = (weight: number): number => Math.ceil(weight / granularity) * granularity
      const mirrored = async (weight: number): Promise<Backend> => {
        await bench.route({ a: FULL_WEIGHT, b: 0 }, { mirror: { release: 'b', weight } })
        return bench.backend('b')
      }
      await check({ ...bench, step, mirrored })
    },
  ]),
)

/** Copies are nobody's answer, so they may come later than all answers did. Waits for so many, but not for ever. */
function arrived({ patience }: RouterBench, copies: Backend, count: number): Promise<void> {
  return until(async () => copies.asked >= count, patience.ms)
}

async function until(holds: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs
  while (performance.now() < end && !(await holds())) await sleep(5)
}
