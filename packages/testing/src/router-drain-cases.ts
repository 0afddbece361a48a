import assert from 'node:assert/strict'
import { FULL_WEIGHT } from '@changeover/engine'
import { ENDLESS_MS, underway } from './case-patience.ts'
import { rejectedWith } from './case-refusal.ts'
import { onTraffic, type RouterBench, type RouterCase, type RouterTraffic } from './router-bench.ts'
import type { Answer } from './traffic-client.ts'

const SHORT_MS = 100

/** What draining does while requests are in flight. */
export const drainCases: readonly RouterCase[] = onTraffic([
  [
    'a drain waits for the request in flight, and resolves when that has ended',
    async (bench) => {
      const { router, service, client, patience } = bench
      if (!(await router.probe()).inFlight) return
      const { ids, letGo, answers } = await leaveInFlight(bench, 1)
      const drain = underway(router.drain(service, ids, { deadline: ENDLESS_MS }))
      await client.askMany(20)
      assert.ok(!drain.done(), 'the request is still in flight')
      letGo()
      const { drained, inFlight, forced } = await patience.soon(
        'drain ends with the request',
        drain.result,
      )
      assert.deepEqual({ drained, inFlight, forced }, { drained: true, inFlight: 0, forced: 0 })
      assertWhole(await answers.result)
    },
  ],
  [
    'a drain reports at its deadline what is still in flight, and cuts nothing',
    async (bench) => {
      const { router, service, patience } = bench
      const counts = (await router.probe()).inFlight ?? false
      const { ids, letGo, answers } = await leaveInFlight(bench, 3)
      const draining = router.drain(service, ids, { deadline: SHORT_MS })
      const { drained, inFlight, forced } = await patience.soon(
        'drain ends at its deadline',
        draining,
      )
      const expected = { drained: false, inFlight: counts ? 3 : 'unknown', forced: 0 }
      assert.deepEqual({ drained, inFlight, forced }, expected)
      letGo()
      assertWhole(await answers.result)
    },
  ],
  [
    'a drain that is aborted while a request is in flight is rejected with the reason, and cuts nothing',
    async (bench) => {
      const { router, service, patience } = bench
      if (!(await router.probe()).inFlight) return
      const { ids, letGo, answers } = await leaveInFlight(bench, 1)
      const reason = new Error('enough')
      const controller = new AbortController()
      const wait = { deadline: ENDLESS_MS, signal: controller.signal }
      const drain = underway(router.drain(service, ids, wait))
      controller.abort(reason)
      await rejectedWith(reason, patience.soon('drain ends', drain.result))
      letGo()
      assertWhole(await answers.result)
    },
  ],
])

/** Release `a` has left the routes, and still has so many requests to answer. */
async function leaveInFlight(bench: RouterBench & RouterTraffic, count: number) {
  const { client, backend, route, patience } = bench
  await route({ a: FULL_WEIGHT })
  const leaving = await backend('a')
  const letGo = leaving.hold()
  const answers = underway(Promise.all(Array.from({ length: count }, () => client.ask())))
  await patience.soon('requests reach the instance', leaving.untilHeld(count))
  await route({ b: FULL_WEIGHT })
  return { ids: [leaving.instance.id], letGo, answers }
}

function assertWhole(answers: readonly Answer[]): void {
  for (const answer of answers) assert.deepEqual(answer, { status: 200, release: 'a' })
}
