import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Pool } from '@changeover/engine'
import {
  type Misbehaviour,
  misbehavingBackend,
  type MisbehavingBackend,
} from './misbehaving-backend.ts'
import { onTraffic, type RouterBench, type RouterCase, type RouterTraffic } from './router-bench.ts'
import { deviating } from './router-deviations.ts'
import { countReleases } from './router-traffic-cases.ts'
import { type Backend, startBackend } from './traffic-backend.ts'
import { type WireClient, wireClient } from './wire-client.ts'
import type { WireRequest } from './wire-connection.ts'
import type { Exchange } from './wire-exchange.ts'

type Bench = RouterBench & RouterTraffic

const TIMES = 20
/** A quarter of what an instance gets may be lost where another one of its release breaks. */
const LOST = 0.6

/** What instances do to requests that come, go, break or die: how much of it the router keeps from clients. */
export const instanceCases: readonly RouterCase[] = onTraffic([
  [
    'a release without weight costs nothing before its instance listens, and serves once it has weight',
    async (bench) => {
      const { client, put, table, backend, backendHost: host = '127.0.0.1' } = bench
      const early = await startBackend({ id: 'b-1', release: 'b' }, host)
      await early.close()
      const a = { release: 'a', weight: FULL_WEIGHT, instances: [(await backend('a')).instance] }
      const b = { release: 'b', weight: 0, instances: [early.instance] }
      await put({ ...(await table({})), pools: [a, b] })
      assert.deepEqual(countReleases(await client.askMany(300)), { a: 300 })
      const port = Number(early.instance.address.split(':').at(-1))
      const ready = await startBackend({ id: 'b-1', release: 'b' }, host, port)
      try {
        const pools = [
          { ...a, weight: 0 },
          { ...b, weight: FULL_WEIGHT },
        ]
        await put({ ...(await table({})), pools })
        assert.deepEqual(countReleases(await client.askMany(300)), { b: 300 })
      } finally {
        await ready.close()
      }
    },
  ],
  [
    'an instance that leaves a release with connections idle gets no request more, is missed by nobody, and may come back',
    async (bench) => {
      const { client, put, table, backend } = bench
      const both = [await backend('a'), await backend('a', 2)]
      const [staying, leaving] = both
      const serveWith = async (backends: readonly (Backend | undefined)[]): Promise<void> => {
        const instances = backends.flatMap((one) => (one ? [one.instance] : []))
        await put({
          ...(await table({})),
          pools: [{ release: 'a', weight: FULL_WEIGHT, instances }],
        })
      }
      const asked = (): (number | undefined)[] => both.map((one) => one.asked)
      await serveWith(both)
      assert.deepEqual(countReleases(await client.askMany(40)), { a: 40 })
      const [, before = 0] = asked()
      assert.ok(before > 0, 'it served')
      await serveWith([staying])
      assert.deepEqual(countReleases(await client.askMany(40)), { a: 40 })
      assert.deepEqual(asked(), [80 - before, before], 'it is asked no more')
      await serveWith(both)
      assert.deepEqual(countReleases(await client.askMany(40)), { a: 40 })
      assert.ok((leaving?.asked ?? 0) > before, 'it serves again')
    },
  ],
  [
    'a release whose instance dies at a tenth of the weight is taken out by one table, and nothing fails from then on',
    async (bench) => {
      const { router, route, client, backend } = bench
      const { granularity = 1 } = await router.probe()
      const weight = Math.ceil(1_000 / granularity) * granularity
      await route({ a: FULL_WEIGHT - weight, b: weight })
      await client.askMany(50)
      await (await backend('b')).close()
      await withClient(bench, async (wire) => {
        const share = weight === FULL_WEIGHT ? 0 : 0.7
        const answered = (await askInTurn(wire, gets('dead'))).filter(isWhole).length
        assert.ok(answered >= share * TIMES, `${answered} of ${TIMES} are answered meanwhile`)
      })
      await route({ a: FULL_WEIGHT, b: 0 })
      assert.deepEqual(countReleases(await client.askMany(100)), { a: 100 })
    },
  ],
  deviating(
    'stale-connection',
    'a GET that meets a connection which its instance has just closed is answered all the same, and reaches it twice at most',
    withInstance('stale', async ({ wire, broken, note }) => {
      const requests = gets('stale')
      const exchanges = await askInTurn(wire, requests)
      const most = Math.max(...requests.map(({ path }) => broken.seen(path)))
      note({ requests: exchanges.length, answered: exchanges.filter(isWhole).length, seen: most })
      assert.deepEqual(exchanges.filter((one) => !isWhole(one)).map(problemOf), [])
      assert.ok(most <= 2, `one was sent ${most} times`)
    }),
  ),
  [
    'a POST that meets a connection which its instance has just closed reaches it once at most, and hangs never',
    withInstance('stale', sendsOnce('POST')),
  ],
  deviating(
    'put-again',
    'a PUT that meets a connection which its instance has just closed reaches it once at most, and hangs never',
    withInstance('stale', sendsOnce('PUT')),
  ),
  deviating(
    'broken-body',
    'an answer that breaks off in its body never looks whole, and hangs never',
    async (bench: Bench) => {
      for (const way of ['half-sized', 'half-chunked'] as const) {
        await withInstance(way, async ({ wire, note }) => {
          const exchanges = await askInTurn(wire, gets(way).slice(0, 3))
          note({ [way]: exchanges.map(({ outcome }) => outcome) })
          const wrong = exchanges.filter((one) => isWhole(one) || isStuck(one))
          assert.deepEqual(
            wrong.map(({ outcome }) => outcome),
            [],
            way,
          )
        })(bench)
      }
    },
  ),
  deviating(
    'client-abort',
    'a request whose client has gone is given up at its instance too',
    withInstance('silent', async ({ wire, broken, patience }) => {
      const gone = new AbortController()
      const asking = wire.ask({ path: '/gone' }, { signal: gone.signal })
      await patience.soon('the instance is asked', broken.untilSeen('/gone'))
      gone.abort()
      await asking
      await patience.soon('the connection to the instance ends', broken.untilGone('/gone'))
    }),
  ),
  [
    'an instance that breaks every request off leaves the others of its release their share',
    withInstance('reset', async ({ wire, note }) => {
      const exchanges = await askInTurn(wire, [...gets('p'), ...gets('q'), ...gets('r')])
      const answered = exchanges.filter(isWhole).length
      note({ requests: exchanges.length, answered })
      assert.ok(answered >= exchanges.length * (1 - LOST), `${answered} of ${exchanges.length}`)
      assert.deepEqual(exchanges.filter(isStuck).map(problemOf), [])
    }),
  ],
])

interface BrokenBench extends RouterBench, RouterTraffic {
  /** Uses its connection again. */
  readonly wire: WireClient
  readonly broken: MisbehavingBackend
}

/** The check, with an instance that does this; beside a good one where it does so to every request. */
function withInstance(
  misbehaviour: Misbehaviour,
  check: (bench: BrokenBench) => Promise<void>,
): (bench: Bench) => Promise<void> {
  return async (bench) => {
    const { put, table, backendHost = '127.0.0.1' } = bench
    const identity = { id: 'a-1', release: 'a' }
    const broken = await misbehavingBackend(identity, backendHost, misbehaviour)
    const others = misbehaviour === 'reset' ? [(await bench.backend('a', 2)).instance] : []
    const instances = [broken.instance, ...others]
    const pools: Pool[] = [{ release: 'a', weight: FULL_WEIGHT, instances }]
    try {
      await put({ ...(await table({})), pools })
      await withClient(bench, (wire) => check({ ...bench, wire, broken }))
    } finally {
      await broken.close()
    }
  }
}

/** Checks that what may have been acted upon is not sent again. */
function sendsOnce(method: string): (bench: BrokenBench) => Promise<void> {
  return async ({ wire, broken, note }) => {
    const requests = gets(method).map((get) => ({ ...get, method, body: 'an order' }))
    const exchanges = await askInTurn(wire, requests)
    const most = Math.max(...requests.map(({ path }) => broken.seen(path)))
    note({ requests: exchanges.length, answered: exchanges.filter(isWhole).length, seen: most })
    assert.equal(most, 1, `one was sent ${most} times`)
    assert.deepEqual(exchanges.filter(isStuck).map(problemOf), [])
    for (const [i, exchange] of exchanges.entries())
      assert.ok(!isWhole(exchange) || broken.seen(requests[i]?.path ?? '') === 1, 'answered unsent')
  }
}

async function withClient(
  { url = '', patience }: Bench,
  use: (client: WireClient) => Promise<void>,
): Promise<void> {
  const client = wireClient(url, { keepAlive: true, timeoutMs: patience.ms })
  try {
    await use(client)
  } finally {
    client.close()
  }
}

/** Requests that an instance can tell from each other. */
function gets(name: string): readonly (WireRequest & { readonly path: string })[] {
  return Array.from({ length: TIMES }, (_, i) => ({ path: `/${name}-${i}` }))
}

/** One after the other, so that each of them finds the connection that the one before it left. */
async function askInTurn(
  client: WireClient,
  requests: readonly WireRequest[],
): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = []
  for (const request of requests) exchanges.push(await client.ask(request))
  return exchanges
}

function isWhole({ outcome }: Exchange): boolean {
  return outcome === 'ok'
}

function isStuck({ outcome }: Exchange): boolean {
  return outcome === 'timeout'
}

function problemOf({ outcome, problem }: Exchange): string {
  return `${outcome}: ${problem}`
}
