import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { FULL_WEIGHT } from '@changeover/engine'
import { underway } from './case-patience.ts'
import { onTraffic, type RouterCase } from './router-bench.ts'
import type { Answer } from './traffic-client.ts'

const LATE = 3
const LATE_MS = 120

/** Where requests go. */
export const trafficCases: readonly RouterCase[] = onTraffic([
  [
    'without a table, or with one that has no pool, requests are answered with 503',
    async ({ router, client, route, put, table, service }) => {
      assert.equal((await client.ask()).status, 503, 'before the first table')
      await route({ a: FULL_WEIGHT })
      assert.equal((await client.ask()).status, 200)
      await put(await table({}))
      assert.equal((await client.ask()).status, 503, 'with an empty table')
      assert.deepEqual((await router.observe(service)).table?.pools, [])
    },
  ],
  [
    'a release with weight 0 gets none of 500 requests',
    async ({ client, route }) => {
      await route({ a: FULL_WEIGHT, b: 0 })
      assert.deepEqual(countReleases(await client.askMany(500)), { a: 500 })
    },
  ],
  [
    'an instance that refuses connections is passed over where another one serves',
    async ({ client, put, table, backend }) => {
      const [gone, there] = [await backend('a'), await backend('a', 2)]
      await gone.close()
      const instances = [gone.instance, there.instance]
      const pools = [{ release: 'a', weight: FULL_WEIGHT, instances }]
      await put({ ...(await table({})), pools })
      const answers = await client.askMany(50)
      assert.deepEqual(countReleases(answers), { a: 50 })
    },
  ],
  [
    'where the router counts, each release has its requests and its bad answers',
    async ({ router, service, client, route, backend, patience }) => {
      if (!router.traffic) return
      await route({ a: FULL_WEIGHT, b: 0 })
      await client.askMany(30)
      await route({ a: 0, b: FULL_WEIGHT })
      ;(await backend('b')).answerWith(500)
      await client.askMany(20)
      const counted = await patience.eventually('all are counted', async () => {
        const { a, b } = (await router.traffic?.(service)) ?? {}
        return (a?.total ?? 0) + (b?.total ?? 0) >= 50 && { a, b }
      })
      const { a, b } = counted
      assert.deepEqual([a?.total, a?.bad, b?.total, b?.bad], [30, 0, 20, 20])
    },
  ],
  [
    'where the router times requests, fewer are slower than a longer bound, and no more than there are',
    async ({ router, service, client, route, patience, backend }) => {
      await route({ a: FULL_WEIGHT })
      if (!(await router.traffic?.(service))?.['a']?.slow) return
      const letGo = (await backend('a')).hold()
      const late = underway(Promise.all(Array.from({ length: LATE }, () => client.ask())))
      await (await backend('a')).untilHeld(LATE)
      // A timer may be early by a millisecond.
      await delay(LATE_MS + 10)
      letGo()
      await late.result
      await client.askMany(20)
      const { total, slow = {} } = await patience.eventually('all are counted', async () => {
        const { a } = (await router.traffic?.(service)) ?? {}
        return a && a.total >= 20 + LATE && a
      })
      const inOrder = Object.entries(slow).toSorted(([a], [b]) => Number(a) - Number(b))
      assert.ok(inOrder.length > 0, 'a router that times requests has bounds')
      for (const [i, [bound, count]] of inOrder.entries()) {
        assert.ok(Number(bound) > 0, `"${bound}" is a number of milliseconds`)
        assert.ok(Number.isInteger(count) && count >= 0, `${count} over ${bound} ms is a count`)
        const most = inOrder[i - 1]?.[1] ?? total
        assert.ok(count <= most, `${count} over ${bound} ms, and ${most} over less`)
        if (Number(bound) < LATE_MS)
          assert.ok(count >= LATE, `${count} of ${LATE} over ${bound} ms`)
      }
    },
  ],
])

/** Requests by the release that answered them. */
export function countReleases(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, release = `nobody, with ${status}` } of answers) {
    counts[release] = (counts[release] ?? 0) + 1
  }
  return counts
}
