import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { FULL_WEIGHT, type ObservedRoutes, type RouteTable } from '@changeover/engine'
import type { RouterBench, RouterCase, RouterTraffic } from './router-bench.ts'
import { needing } from './router-hooks.ts'
import { assertNotInForce, assertServedBy, claims } from './router-refusal-cases.ts'
import { assertInForce, observed } from './router-table-cases.ts'

const SHORT_MS = 100
const PAUSE_MS = 5
const HALF = FULL_WEIGHT / 2

/** What is seen of a router that starts over, that somebody else changes, or that is not there. */
export const outageCases: readonly RouterCase[] = [
  [
    'a router that is restarted in mid-rollout tells the truth about its routes, and the table applied again puts them right',
    needing(['restart'], async (bench) => {
      const { router, patience } = bench
      await bench.route({ gone: FULL_WEIGHT })
      const table = await bench.route({ a: HALF, b: HALF })
      const { durable = false } = await router.probe()
      const answered = await answeredDuring(bench, () => bench.restart())
      assertNamedBy(table, answered)
      const routes = await patience.soon('the router is observed', seen(bench))
      if (claims(routes, table)) await assertServedBy(bench, ['a', 'b'])
      if (durable)
        await patience.eventually('a durable table is back', async () =>
          claims(await seen(bench), table),
        )
      await bench.put(table)
      assertInForce(await observed(bench), table)
      await assertServedBy(bench, ['a', 'b'])
    }),
  ],
  [
    'who watches hears that somebody else changed the routes, and the table applied again puts them right',
    needing(['tamper'], async (bench) => {
      const { router, patience } = bench
      const table = await bench.route({ a: HALF, b: HALF })
      const news = watched(bench)
      await bench.tamper()
      if (news) await patience.eventually('the watcher hears of it', async () => news.heard())
      else
        await patience.eventually('it is observed', async () => !claims(await seen(bench), table))
      news?.stop()
      await bench.put(table)
      assertInForce(await router.observe(bench.service), table)
      await assertServedBy(bench, ['a', 'b'])
    }),
  ],
  [
    'who watches hears that a router was restarted that forgets its tables',
    needing(['restart'], async (bench) => {
      const news = watched(bench)
      if (!news || (await bench.router.probe()).durable) return news?.stop()
      await bench.route({ a: FULL_WEIGHT })
      await bench.restart()
      await bench.patience.eventually('the watcher hears of it', async () => news.heard())
      news.stop()
    }),
  ],
  [
    'a router that is down is unreachable for a table, claims nothing, and is back without it',
    needing(['halt'], async (bench) => {
      const { router, patience } = bench
      const table = await bench.route({ a: FULL_WEIGHT })
      const next = await bench.table({ b: FULL_WEIGHT })
      const start = await bench.halt()
      const receipt = await patience.soon('apply ends', router.apply(next))
      const silent = await patience.soon('observe ends', seen(bench, 'coded'))
      await start()
      assert.deepEqual([receipt.outcome, Boolean(receipt.reason)], ['unreachable', true])
      assert.ok(
        !claims(silent, next) && !claims(silent, table),
        'a router that is down claims nothing',
      )
      const waiting = router.converge(receipt, { deadline: SHORT_MS })
      assert.ok(!(await patience.soon('converge ends', waiting)).converged)
      await patience.eventually('it is back', () => seen(bench))
      assertNotInForce(await seen(bench), next)
      await bench.put(table)
      await assertServedBy(bench, ['a'])
      await bench.put(next)
      await assertServedBy(bench, ['b'])
    }),
  ],
]

const NOTHING_SEEN = { table: undefined, revision: 0, fence: 0, converged: false, drift: ['?'] }

/** What is observed; nothing where the router does not answer, which is said with an error that has a code. */
async function seen({ router, service }: RouterBench, errors?: 'coded'): Promise<ObservedRoutes> {
  try {
    return await router.observe(service)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
    if (errors) assert.match(code, /^CHANGEOVER_/, `${String(error)}: an error with a code`)
    return { service, ...NOTHING_SEEN }
  }
}

interface News {
  readonly heard: () => boolean
  readonly stop: () => void
}

/** Watches the routes of the service, where the router can. */
function watched({ router, service }: RouterBench): News | undefined {
  let count = 0
  const stop = router.watch?.(service, () => (count += 1))
  return stop && { heard: () => count > 0, stop }
}

/** Sends one request after another until `work` has ended; the releases that answered, where any request can be sent. */
async function answeredDuring(
  { traffic }: RouterBench,
  work: () => Promise<void>,
): Promise<ReadonlySet<string>> {
  const releases = new Set<string>()
  const ended = new AbortController()
  const ask = async ({ freshClient }: RouterTraffic): Promise<void> => {
    while (!ended.signal.aborted) {
      const answer = await freshClient.ask().catch(() => undefined)
      if (answer?.release !== undefined) releases.add(answer.release)
      // A refused connection fails at once.
      await delay(answer ? 0 : PAUSE_MS)
    }
  }
  const asking = traffic && ask(traffic)
  try {
    await work()
  } finally {
    ended.abort()
    await asking
  }
  return releases
}

function assertNamedBy({ pools }: RouteTable, releases: ReadonlySet<string>): void {
  const named = new Set(pools.map(({ release }) => release))
  const strangers = [...releases].filter((release) => !named.has(release))
  assert.deepEqual(strangers, [], 'no request goes to a release that no table in force names')
}
