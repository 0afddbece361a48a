import assert from 'node:assert/strict'
import { FULL_WEIGHT, type Pool, type Receipt, type RouteTable } from '@changeover/engine'
import { cutoverLoad } from './cutover-load.ts'
import { type CutoverReport, failuresOf } from './cutover-report.ts'
import { beyondBudget, dropBudget } from './drop-budget.ts'
import {
  onTraffic,
  type RouterBench,
  type RouterCase,
  type RouterTraffic,
  type TrafficCase,
} from './router-bench.ts'
import {
  GOING_AWAY,
  stoppingBackend,
  type StoppingBackend,
  STOPPING_PATHS,
} from './stopping-backend.ts'
import { type WireClient, wireClient } from './wire-client.ts'
import type { Exchange } from './wire-exchange.ts'

const CUTOVERS = 8
/** From so many cutovers on, a run is a full one. */
const FULL_RUN = 50
const LOAD = { keepAlive: 32, fresh: 8 }
const FEW = { keepAlive: 8, fresh: 2 }

type Bench = RouterBench & RouterTraffic

const underLoad: TrafficCase = [
  'while releases take over from each other under load, no more is cut than the router says, and none that left answers what was begun after',
  async (bench) => {
    const { router, url = '', cutovers = CUTOVERS } = bench
    // No release comes back: whoever answers is known to have left, or not. Their backends are made before the clock runs.
    const tables: RouteTable[] = []
    for (let n = 0; n <= cutovers; n += 1)
      tables.push(await bench.table({ [`r${n}`]: FULL_WEIGHT }))
    let receipt: Receipt
    const report = await cutoverLoad({
      ...LOAD,
      url,
      cutovers,
      timeout: bench.patience.ms,
      step: (n) => ({
        release: `r${n}`,
        async apply() {
          receipt = await bench.applied(tables[n] ?? assert.fail('no such cutover'))
        },
        converge: () => bench.converged(receipt),
      }),
    })
    await judge(bench, report, { ...LOAD, cutovers })
    assert.ok(report.sent > cutovers, `there was load on ${router.name}`)
  },
]

const stoppedAfterDrain: TrafficCase = [
  'stopping a release once it was drained costs no request: short ones, a long one, a stream of events or a WebSocket',
  async (bench) => {
    const { url = '', cutovers = CUTOVERS } = bench
    const slowMs = cutovers < FULL_RUN ? 1_000 : 3_000
    const start = (release: string): Promise<StoppingBackend> => {
      const times = { quickMs: 30, slowMs }
      return stoppingBackend(
        { id: `${release}-1`, release },
        bench.backendHost ?? '127.0.0.1',
        times,
      )
    }
    const backends = await Promise.all([start('a'), start('b')])
    const [leaving, coming] = backends
    const visitors = startVisitors(url, bench)
    try {
      const tables = [await serving(bench, 'a', leaving), await serving(bench, 'b', coming)]
      let receipt: Receipt
      const report = await cutoverLoad({
        ...FEW,
        url,
        cutovers: 1,
        requestsPerCutover: 200,
        timeout: bench.patience.ms,
        step: (n) => ({
          release: n === 0 ? 'a' : 'b',
          async apply() {
            if (n === 1) await visitors.arrive()
            receipt = await bench.applied(tables[n] ?? assert.fail('no such release'))
          },
          async converge() {
            await bench.converged(receipt)
            if (n === 1) await drainAndStop(bench, leaving, slowMs + 500)
          },
        }),
      })
      await judge(bench, report, { ...FEW, cutovers: 1 })
      await visitors.assertServed()
    } finally {
      visitors.close()
      for (const backend of backends) await backend.close()
    }
  },
]

/** What becomes of requests while releases take over from each other, and when one is stopped. */
export const cutoverCases: readonly RouterCase[] = onTraffic([underLoad, stoppedAfterDrain])

async function judge(
  { router, note }: RouterBench,
  report: CutoverReport,
  load: { readonly keepAlive: number; readonly fresh: number; readonly cutovers: number },
): Promise<void> {
  const budget = dropBudget(await router.probe(), load)
  note(report, budget)
  const problems = [...beyondBudget(failuresOf(report), budget), ...lateText(report)]
  assert.deepEqual(problems, [], report.examples.join('\n'))
}

function lateText({ late }: CutoverReport): string[] {
  return late > 0 ? [`${late} answers from a release that had left`] : []
}

async function drainAndStop(
  { router, service, patience, note }: RouterBench,
  backend: StoppingBackend,
  deadline: number,
): Promise<void> {
  const draining = router.drain(service, [backend.instance.id], { deadline })
  note({ drain: await patience.soon('drain ends', draining) })
  await patience.soon('the instance stops', backend.stop())
}

/** Clients that stay for long: one waits for a slow answer, one hears events, one has a WebSocket. */
function startVisitors(url: string, { patience, lacks, router, deviations = {} }: Bench) {
  const clients: WireClient[] = []
  let slow: Promise<Exchange> | undefined
  let events: Promise<Exchange> | undefined
  let socket: Promise<Buffer> | undefined

  function ask(path: string, onHead?: () => void): Promise<Exchange> {
    const client = wireClient(url, { keepAlive: true, timeoutMs: patience.ms })
    clients.push(client)
    return client.ask({ path }, { onHead })
  }
  return {
    /** Resolves when all of them are being served. */
    async arrive(): Promise<void> {
      slow = ask(STOPPING_PATHS.slow)
      await new Promise<void>((resolve, reject) => {
        events = ask(STOPPING_PATHS.events, resolve)
        events.then(
          ({ problem }) => reject(new assert.AssertionError({ message: problem })),
          reject,
        )
      })
      if (deviations.upgrade !== undefined) return lacks('upgrade')
      const client = wireClient(url, { keepAlive: true, timeoutMs: patience.ms })
      clients.push(client)
      socket = (await opened(client)).said
    },
    async assertServed(): Promise<void> {
      const { drops = [] } = await router.probe()
      const [waited, heard] = [await slow, await events]
      assert.equal(waited?.outcome, 'ok', `the long request: ${waited?.problem}`)
      assert.equal(heard?.outcome, 'ok', `the stream of events: ${heard?.problem}`)
      assert.equal(heard?.answer?.body, 'data: hello\n\ndata: bye\n\n')
      if (!socket || drops.includes('upgraded')) return
      const said = await patience.soon('the WebSocket ends', socket)
      assert.deepEqual(
        [...said],
        [...GOING_AWAY],
        'the WebSocket is told that its server goes away',
      )
    },
    close() {
      for (const client of clients) client.close()
    },
  }
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}
/** The same answer from the client, masked with zeros. */
const CLOSING = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])

/** An open WebSocket, and all that will have been said on it when it ends; wrapped, since it is not to be waited for. */
async function opened(client: WireClient): Promise<{ readonly said: Promise<Buffer> }> {
  const { problem, answer } = await client.ask({ path: STOPPING_PATHS.socket, headers: HANDSHAKE })
  const { socket, first } = client.connection?.upgraded ?? {}
  assert.ok(socket && first, `a WebSocket opens: ${problem || answer?.status}`)
  const parts: Buffer[] = [first]
  socket.on('data', (bytes) => parts.push(bytes))
  socket.once('data', () => socket.end(CLOSING))
  const said = new Promise<Buffer>((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(parts)))
  })
  socket.resume()
  return { said }
}

async function serving(
  { table }: RouterBench,
  release: string,
  { instance }: StoppingBackend,
): Promise<RouteTable> {
  const pool: Pool = { release, weight: FULL_WEIGHT, instances: [instance] }
  return { ...(await table({})), pools: [pool] }
}
