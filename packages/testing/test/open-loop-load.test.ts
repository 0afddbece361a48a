import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ChangeoverError } from '@changeover/engine'
import { describe, expect, it, onTestFinished } from 'vitest'
import { auditExecutions, openLoopLoad } from '@changeover/testing'
import type {
  FailureClass,
  LoadReport,
  OpenLoopLoad,
  OpenLoopLoadOptions,
} from '@changeover/testing'
import { countingServer, holdUntil } from './fixtures/counting-server.ts'
import { deadUrl, rawServer, rightAnswer, type RawRequest } from './fixtures/raw-server.ts'

function disposed<T extends AsyncDisposable>(resource: T): T {
  onTestFinished(() => resource[Symbol.asyncDispose]())
  return resource
}

/** Starts a load that ends with the test, with GETs only, since raw servers read no bodies. */
function getLoad(options: OpenLoopLoadOptions): OpenLoopLoad {
  return disposed(openLoopLoad({ postShare: 0, ...options }))
}

async function counting(...answer: Parameters<typeof countingServer>) {
  return disposed(await countingServer(...answer))
}

async function raw(onRequest: (request: RawRequest) => void) {
  return disposed(await rawServer(onRequest))
}

/** The classes that were counted, without the zeros. */
function classesOf(report: LoadReport): Partial<Record<FailureClass, number>> {
  return Object.fromEntries(Object.entries(report.byClass).filter(([, count]) => count > 0))
}

function expectConsistent(report: LoadReport): void {
  const { sent, answered, dropped, abandoned, inFlight, unanswered, byClass } = report
  expect(answered + dropped + abandoned + inFlight).toBe(sent)
  expect(Object.values(byClass).reduce((sum, count) => sum + count, 0)).toBe(dropped)
  expect(new Set(unanswered).size).toBe(dropped + abandoned + inFlight)
}

/** Runs a load in a process of its own and gives what that process says is left in the end. */
async function resourcesLeft(url: string, ending: 'finished' | 'close'): Promise<object> {
  const fixture = fileURLToPath(new URL('fixtures/load-and-list-resources.mjs', import.meta.url))
  const child = spawn(process.execPath, [fixture, url, ending], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { code, ...JSON.parse(output) }
}

const ten = { rate: 200, duration: 50 } as const

describe('a load on a server in order', () => {
  it('sends rate times duration requests, each once, and drops none', async () => {
    const { url, seen } = await counting()
    const report = await disposed(openLoopLoad({ url, rate: 400, duration: '500ms' })).finished
    expect(report).toMatchObject({ scheduled: 200, sent: 200, answered: 200, dropped: 0 })
    expect(report).toMatchObject({ inFlight: 0, failures: [], unanswered: [] })
    expect(new Set(seen.map(({ id }) => id)).size).toBe(200)
    const ids = seen.map(({ id }) => id)
    expect(auditExecutions(report, ids)).toMatchObject({ executed: 200, twice: [], lost: [] })
    expectConsistent(report)
  })

  it('makes every second request a POST whose body is its id', async () => {
    const { url, seen } = await counting()
    const load = disposed(openLoopLoad({ url, rate: 400, duration: 250 }))
    await load.finished
    const posts = seen.filter(({ method }) => method === 'POST')
    const odd = Array.from({ length: 50 }, (_, k) => load.requestId(2 * k + 1))
    expect(new Set(posts.map(({ id }) => id))).toEqual(new Set(odd))
    expect(posts.every(({ id, body }) => body === JSON.stringify({ id }))).toBe(true)
    expect(seen.filter(({ method, body }) => method === 'GET' && body === '')).toHaveLength(50)
  })

  it('counts answers by the release that a header names', async () => {
    const { url } = await counting(({ headers }, response) => {
      const n = Number(String(headers['x-request-id']).split('-')[1])
      response.setHeader('x-version', n < 3 ? 'v1' : 'v2').end('ok')
    })
    const report = await getLoad({ url, ...ten, releaseHeader: 'X-Version' }).finished
    expect(report.byRelease).toEqual({ v1: 3, v2: 7 })
  })

  it('sends what the request hook says, but always under its own id', async () => {
    const { url, seen } = await counting()
    const load = getLoad({
      url: `${url}base`,
      rate: 100,
      duration: 20,
      request: (n) => ({
        method: 'put',
        path: `/items/${n}?x=1`,
        headers: { 'X-Request-Id': 'mine' },
        body: Buffer.from('ä'),
      }),
    })
    expect(await load.finished).toMatchObject({ answered: 2, dropped: 0 })
    const expected = [0, 1].map((n) => ({
      id: load.requestId(n),
      method: 'PUT',
      path: `/items/${n}?x=1`,
      body: 'ä',
    }))
    expect(new Set(seen)).toEqual(new Set(expected))
  })

  it('asks for the address anew for each request', async () => {
    const [one, two] = [await counting(), await counting()]
    let asked = 0
    const url = () => [one.url, two.url][asked++ % 2] ?? ''
    const report = await getLoad({ url, ...ten }).finished
    expect(report.dropped).toBe(0)
    expect([one.seen.length, two.seen.length]).toEqual([5, 5])
  })
})

describe('the open loop', () => {
  it('keeps sending while nothing is answered, past the number of kept connections', async () => {
    const { url, seen } = await counting(holdUntil(100).answer)
    const load = getLoad({ url, rate: 500, connections: 4, duration: 200, timeout: '20s' })
    const report = await load.finished
    expect(seen).toHaveLength(100)
    expect(report).toMatchObject({ sent: 100, answered: 100, dropped: 0 })
    // The first answer came after the 100th request, which was due 198 ms after the first.
    expect(report.latency.max).toBeGreaterThanOrEqual(198)
    expect(report.latency.p50).toBeGreaterThanOrEqual(96)
  })

  it('keeps no more idle connections than it was told to', async () => {
    const held: RawRequest[] = []
    const answer = ({ socket, id }: RawRequest) => socket.write(rightAnswer(id))
    const server = await raw((request) => {
      held.push(request)
      if (held.length === 21) held.splice(0, 20).forEach(answer)
    })
    const load = getLoad({ url: server.url, rate: 1000, duration: 21, connections: 3 })
    // Three idle ones, and the one whose answer is still held back.
    await server.untilOpen(4)
    expect(load.snapshot()).toMatchObject({ answered: 20, inFlight: 1 })
    held.forEach(answer)
    expect(await load.finished).toMatchObject({ answered: 21, dropped: 0 })
    await server.untilOpen(0)
  })

  it('uses kept connections in turn, so that each is met idle', async () => {
    const sockets = new Map<number, Socket>()
    const held: RawRequest[] = []
    const server = await raw((request) => {
      sockets.set(request.n, request.socket)
      held.push(request)
      if (request.n < 2) return
      for (const { socket, id } of held.splice(0)) socket.write(rightAnswer(id))
    })
    const report = await getLoad({ url: server.url, rate: 20, duration: 300 }).finished
    expect(report).toMatchObject({ answered: 6, dropped: 0 })
    const first = new Set([0, 1, 2].map((n) => sockets.get(n)))
    const second = new Set([3, 4, 5].map((n) => sockets.get(n)))
    expect(first.size).toBe(3)
    expect(second).toEqual(first)
  })

  it('counts the wait of requests that were due while the generator itself was held up', async () => {
    const { url } = await counting()
    const load = getLoad({ url, rate: 500, duration: 600 })
    const busyUntil = performance.now() + 400
    while (performance.now() < busyUntil);
    expect(load.snapshot().scheduled).toBeGreaterThanOrEqual(200)
    expect(load.snapshot().sent).toBe(0)
    const report = await load.finished
    expect(report).toMatchObject({ sent: 300, answered: 300, dropped: 0 })
    // Request 0 waited 400 ms, request 150 at least 100: no latency starts when it was sent.
    expect(report.latency.max).toBeGreaterThanOrEqual(399)
    expect(report.latency.p50).toBeGreaterThanOrEqual(99)
    expect(report.lag.max).toBeGreaterThanOrEqual(399)
  })
})

describe('dropped requests', () => {
  it('are refused where nobody listens', async () => {
    const report = await getLoad({ url: await deadUrl(), ...ten }).finished
    expect(report).toMatchObject({ answered: 0, dropped: 10 })
    expect(classesOf(report)).toEqual({ refused: 10 })
    expect(report.failures[0]?.reason).toContain('ECONNREFUSED')
  })

  it('are refused where a name has several addresses and none listens', async () => {
    const url = (await deadUrl()).replace('127.0.0.1', 'localhost')
    expect(classesOf(await getLoad({ url, ...ten }).finished)).toEqual({ refused: 10 })
  })

  it('are reset-fresh where a new connection ends without an answer, by reset or by end', async () => {
    const server = await raw(({ n, socket }) =>
      n % 2 === 0 ? socket.resetAndDestroy() : socket.end(),
    )
    const report = await getLoad({ url: server.url, ...ten }).finished
    expect(classesOf(report)).toEqual({ 'reset-fresh': 10 })
  })

  it('are reset-reused where the second request of a connection meets a reset', async () => {
    let resets = 0
    const server = await raw(({ nth, id, socket }) => {
      if (nth === 1) socket.write(rightAnswer(id))
      else {
        resets += 1
        socket.resetAndDestroy()
      }
    })
    const report = await getLoad({ url: server.url, rate: 50, duration: 400 }).finished
    expect(resets).toBeGreaterThan(0)
    expect(classesOf(report)).toEqual({ 'reset-reused': resets })
    expect(report.answered).toBe(20 - resets)
  })

  it('are a timeout where no answer comes, and where its body never ends', async () => {
    const server = await raw(({ n, socket }) => {
      if (n % 2 === 0) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegun')
    })
    const report = await getLoad({ url: server.url, ...ten, timeout: '100ms' }).finished
    expect(classesOf(report)).toEqual({ timeout: 10 })
    expect(report.elapsedMs).toBeGreaterThanOrEqual(145)
  })

  it('each fall into one class, whatever else goes on', async () => {
    const close = 'connection: close\r\n'
    const head = (status: string, extra = '') => `HTTP/1.1 ${status}\r\n${close}${extra}\r\n`
    const answers: [FailureClass | 'right', (id: string) => string][] = [
      ['right', (id) => rightAnswer(id, close)],
      ['truncated', () => head('200 OK', 'content-length: 9\r\n') + 'begun'],
      ['truncated', () => head('200 OK', 'transfer-encoding: chunked\r\n') + '5\r\nbegun\r\n'],
      ['truncated', () => head('500 Oops', 'content-length: 9\r\n') + 'begun'],
      ['status-5xx', () => head('503 Busy', 'content-length: 2\r\n') + 'no'],
      ['status-4xx', () => head('404 Not Found', 'content-length: 0\r\n')],
      ['wrong', (id) => rightAnswer(`${id}0`, close)],
      ['reset-fresh', () => ''],
      ['other', () => 'no http at all\r\n\r\n'],
    ]
    const answerOf = (n: number) => answers[n % answers.length] ?? answers[0]
    const server = await raw(({ n, id, socket }) => socket.end(answerOf(n)?.[1](id) ?? ''))
    const count = answers.length * 10
    const report = await getLoad({ url: server.url, rate: 300, duration: (count * 1000) / 300 })
      .finished
    expect(report).toMatchObject({ sent: count, answered: 10, dropped: count - 10 })
    for (const failure of report.failures)
      expect([failure.n, failure.class]).toEqual([failure.n, answerOf(failure.n)?.[0]])
    expect(classesOf(report)).toEqual({
      truncated: 30,
      'status-5xx': 10,
      'status-4xx': 10,
      wrong: 10,
      'reset-fresh': 10,
      other: 10,
    })
    expectConsistent(report)
  })

  it('are never sent again', async () => {
    const ids: string[] = []
    const server = await raw(({ id, socket }) => {
      ids.push(id)
      socket.resetAndDestroy()
    })
    await getLoad({ url: server.url, ...ten }).finished
    expect(ids).toHaveLength(10)
    expect(new Set(ids).size).toBe(10)
  })

  it('are wrong where verify says so or throws, and carry its reason and the release', async () => {
    const { url } = await counting((_, response) => response.setHeader('x-release', 'v7').end('ok'))
    const report = await getLoad({
      url,
      ...ten,
      verify: ({ status, headers, body }, n) => {
        if (n === 3) throw new Error('cannot tell')
        return n === 5 ? [status, headers['x-release'], body].join(' ') : undefined
      },
    }).finished
    expect(classesOf(report)).toEqual({ wrong: 2 })
    const found = report.failures.toSorted((a, b) => a.n - b.n)
    expect(found[0]).toMatchObject({ n: 3, reason: 'verify threw Error: cannot tell' })
    expect(found[1]).toMatchObject({ n: 5, dueMs: 25, release: 'v7', reason: '200 v7 ok' })
  })

  it('are other where a hook fails or the request cannot be written, and the load goes on', async () => {
    const { url } = await counting()
    const report = await getLoad({
      url,
      ...ten,
      request: (n) => {
        if (n === 0) throw new Error('no idea')
        return n === 1 ? { headers: { 'x-bad': 'line\nbreak' } } : {}
      },
    }).finished
    expect(classesOf(report)).toEqual({ other: 2 })
    expect(report.answered).toBe(8)
    expect(report.failures[0]?.reason).toBe('could not be sent: Error: no idea')
  })

  it('are other, all of them, where the address function gives no address', async () => {
    const report = await getLoad({ url: () => 'nonsense', ...ten }).finished
    expect(classesOf(report)).toEqual({ other: 10 })
  })
})

describe('the end', () => {
  it('waits in stop() for the answers that are due, and sends nothing more', async () => {
    const { answer, release } = holdUntil(Number.POSITIVE_INFINITY)
    const server = await counting(answer)
    const load = getLoad({ url: server.url, rate: 100, timeout: '20s' })
    await server.untilSeen(5)
    const before = load.snapshot()
    expect(before).toMatchObject({ answered: 0, dropped: 0, abandoned: 0 })
    expect(before.inFlight).toBeGreaterThanOrEqual(5)
    let over = false
    const stopped = load.stop().finally(() => (over = true))
    const { sent } = load.snapshot()
    await server.untilSeen(sent)
    expect([over, load.snapshot().inFlight]).toEqual([false, sent])
    release()
    expect(await stopped).toMatchObject({ scheduled: sent, sent, answered: sent, dropped: 0 })
    expect(server.seen).toHaveLength(sent)
  })

  it('gives one and the same report to stop(), finished and later snapshots', async () => {
    const server = await counting()
    const load = getLoad({ url: server.url, rate: 100 })
    await server.untilSeen(3)
    const report = await load.stop()
    expect(await load.stop()).toBe(report)
    expect(await load.finished).toBe(report)
    expect(load.snapshot()).toEqual(report)
  })

  it('abandons open requests in close(), which counts them neither answered nor dropped', async () => {
    const server = await raw(() => {})
    const load = getLoad({ url: server.url, rate: 200 })
    while (server.open.size < 5) await new Promise((resolve) => setTimeout(resolve, 5))
    const closing = load.close()
    expect(load.close()).toBe(closing)
    expect(load[Symbol.asyncDispose]()).toBe(closing)
    await closing
    const report = await load.finished
    expect(report).toMatchObject({ answered: 0, dropped: 0, inFlight: 0, abandoned: report.sent })
    expect(report.sent).toBeGreaterThanOrEqual(5)
    expectConsistent(report)
    await server.untilOpen(0)
  })

  it('comes with the abort of the signal, before the start too', async () => {
    const server = await raw(() => {})
    const controller = new AbortController()
    const load = getLoad({ url: server.url, rate: 200, signal: controller.signal })
    while (server.open.size < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort()
    const report = await load.finished
    expect(report.abandoned).toBe(report.sent)
    const late = getLoad({ url: server.url, rate: 200, signal: controller.signal })
    expect(await late.finished).toMatchObject({ scheduled: 0, sent: 0, abandoned: 0 })
  })

  it('comes even if a hook closes the load in the middle of a request', async () => {
    const server = await raw(() => {})
    const load: OpenLoopLoad = getLoad({
      url: server.url,
      rate: 1000,
      request: (n) => {
        if (n === 3) void load.close()
        return {}
      },
    })
    expect(await load.finished).toMatchObject({ sent: 4, abandoned: 4, inFlight: 0 })
    await server.untilOpen(0)
  })

  it('leaves no socket and no timer after the last answer, nor after close()', async () => {
    const [answering, silent] = [await counting(), await counting(() => {})]
    const [finished, closed] = await Promise.all([
      resourcesLeft(answering.url, 'finished'),
      resourcesLeft(silent.url, 'close'),
    ])
    expect(finished).toEqual({ code: 0, answered: 30, abandoned: 0, resources: [] })
    expect(closed).toEqual({ code: 0, answered: 0, abandoned: expect.any(Number), resources: [] })
  })
})

describe('options', () => {
  const url = 'http://127.0.0.1:9/'
  const wrong: [string, string, Record<string, unknown>][] = [
    ['url', "'https://a.test/'", { url: 'https://a.test/' }],
    ['url', "'nonsense'", { url: 'nonsense' }],
    ['url', 'undefined', { url: undefined }],
    ['rate', '0', { rate: 0 }],
    ['rate', 'NaN', { rate: Number.NaN }],
    ['rate', "'500'", { rate: '500' }],
    ['duration', "'30 parsecs'", { duration: '30 parsecs' }],
    ['duration', '0', { duration: 0 }],
    ['connections', '-1', { connections: -1 }],
    ['timeout', "'60d'", { timeout: '60d' }],
    ['timeout', "'600h'", { timeout: '600h' }],
    ['postShare', '1.5', { postShare: 1.5 }],
    ['releaseHeader', "'x release'", { releaseHeader: 'x release' }],
    ['request', "'GET'", { request: 'GET' }],
    ['verify', 'true', { verify: true }],
    ['signal', '[object Object]', { signal: {} }],
    ['durration', "'30s'", { durration: '30s' }],
  ]

  it.each(wrong)('refuse %s: %s before anything is sent', (field, shown, options) => {
    const start = () => openLoopLoad({ url, rate: 10, ...options })
    expect(start).toThrow(ChangeoverError)
    expect(start).toThrow(`openLoopLoad refused ${field}: ${shown}.`)
    expect(start).toThrow(expect.objectContaining({ code: 'CHANGEOVER_LOAD_OPTION_INVALID' }))
    expect(start).toThrow(/Give /)
  })

  it('take durations in words and numbers', async () => {
    const { url } = await counting()
    for (const duration of ['0.02s', '20ms', 20])
      expect(await getLoad({ url, rate: 100, duration }).finished).toMatchObject({ sent: 2 })
  })
})
