import { describe, expect, it } from 'vitest'

import { sleep } from '../harness.ts'
import { count, openRaw, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'
import { startProcess } from '../server-process.ts'
import type { Line, ServerProcess } from '../server-process.ts'
import type { LifecycleOptions } from '../../src/index.ts'

const quick = { notice: 0, quiet: 50, deadline: '20s' }

const serve = (
  options: LifecycleOptions,
  env: Record<string, string> = {},
): Promise<ServerProcess> => startProcess(options, env, 'scenario-server.mjs')

const linesOf = ({ lines }: ServerProcess, message: string): Line[] =>
  lines.filter((line) => line.message === message)

describe.concurrent('Scenario 13: what takes long when SIGTERM comes', () => {
  const head = (more = ''): string =>
    `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n${more}\r\n`

  it('ends: an upload of 2 s, one that expected a 100, a tunnel, and pipelined requests', async () => {
    const server = await serve({ drain: quick }, { TUNNELS: 'yes' })
    const open = (): Promise<RawClient> => openRaw(server.port)
    const [upload, expecting, tunnel, pipelined] = [
      await open(),
      await open(),
      await open(),
      await open(),
    ]
    upload.send(head())
    expecting.send(head('Expect: 100-continue\r\n'))
    await expecting.sees('100 Continue')
    tunnel.send('CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n')
    await tunnel.sees('101')
    pipelined.send(request('/?ms=1500') + request('/?ms=10') + request('/?ms=10'))
    await sleep(100)
    server.kill('SIGTERM')
    await server.says('draining')
    for (let part = 0; part < 10; part += 1) {
      for (const client of [upload, expecting, tunnel]) client.send('ab')
      await sleep(200)
    }
    await Promise.all([upload, expecting].map((client) => client.sees('done')))
    await tunnel.sees('ab', 10)
    tunnel.socket.end()
    expect(await server.exited).toBe(0)
    const answers = [upload, expecting, pipelined].map(({ received }) => count(received(), 'done'))
    expect(answers).toEqual([1, 1, 3])
    expect(linesOf(server, 'exit')).toMatchObject([{ executed: 5 }])
    expect(linesOf(server, 'stopped')).toMatchObject([{ outcome: 'clean', forced: 0 }])
  })

  it('is bounded by the deadline: a stalled upload and a tunnel that stays are cut and counted', async () => {
    const drain = { notice: 0, quiet: 50, deadline: 1_000 }
    const server = await serve({ drain }, { TUNNELS: 'yes' })
    const [upload, tunnel] = [await openRaw(server.port), await openRaw(server.port)]
    upload.send(`${head()}ab`)
    tunnel.send('CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n')
    await tunnel.sees('101')
    await sleep(100)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(70)
    expect(linesOf(server, 'stopped')).toMatchObject([{ outcome: 'forced', forced: 2 }])
  })
})

interface Trouble {
  readonly options?: LifecycleOptions
  readonly env?: Record<string, string>
  /** What the client asked for when SIGTERM came. */
  readonly path: string
  readonly secondSignal?: boolean
  readonly exitCode: number
  /** What the last report says; `undefined` where there must be none. */
  readonly report: object | undefined
}

const troubles: [string, Trouble][] = [
  [
    'a second SIGTERM that is ignored',
    {
      path: '/?ms=800',
      secondSignal: true,
      exitCode: 0,
      report: { outcome: 'clean', completed: 1, forced: 0 },
    },
  ],
  [
    'a second SIGTERM that hastens',
    {
      options: { secondSignal: 'hasten', drain: { notice: '10m', deadline: '20m' } },
      path: '/endless',
      secondSignal: true,
      exitCode: 70,
      report: { outcome: 'forced', forced: 1 },
    },
  ],
  [
    'a second SIGTERM that exits at once',
    {
      options: { secondSignal: 'exit', drain: { notice: '10m', deadline: '20m' } },
      path: '/endless',
      secondSignal: true,
      exitCode: 70,
      report: undefined,
    },
  ],
  [
    'SIGTERM before the process was ready',
    {
      env: { NOT_READY: 'yes' },
      path: '/?ms=500',
      exitCode: 0,
      report: { outcome: 'clean', completed: 1, forced: 0 },
    },
  ],
  [
    'an exception that nobody catches, in the drain',
    {
      path: '/throw?ms=500',
      exitCode: 72,
      report: { outcome: 'crashed', uncaught: 1, forced: 0 },
    },
  ],
  [
    'a handler that never answers',
    {
      options: { drain: { notice: 0, quiet: 50, deadline: 1_000 } },
      path: '/endless',
      exitCode: 70,
      report: { outcome: 'forced', completed: 0, forced: 1 },
    },
  ],
]

describe.concurrent('Scenario 14: a process that is stopped in trouble', () => {
  it.each(troubles)('ends with a code of its own after %s', async (_, trouble) => {
    const { options, env, path, secondSignal, exitCode, report } = trouble
    const server = await serve({ drain: quick, ...options }, env)
    const client = await openRaw(server.port)
    client.send(request(path))
    await sleep(100)
    server.kill('SIGTERM')
    await server.says('draining')
    if (secondSignal) server.kill('SIGTERM')
    expect(await server.exited).toBe(exitCode)
    expect(linesOf(server, 'draining')).toHaveLength(1)
    expect(linesOf(server, 'stopped')).toMatchObject(report === undefined ? [] : [report])
  })
})

async function statusOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  await response.arrayBuffer()
  return response.status
}

describe.concurrent('Scenario 15: an event loop that is blocked for 5 s when SIGTERM comes', () => {
  it('is red before its listener closes, while liveness stays green, and drains once', async () => {
    const server = await serve({
      drain: { notice: 1_000, quiet: 50, deadline: '30s' },
      probes: { port: 0, host: '127.0.0.1' },
      liveness: { thread: true, stuckAfter: '20s' },
    })
    const probes = Number((await server.says('listening'))['probes'])
    const blocking = await openRaw(server.port)
    blocking.send(request('/block?ms=5000'))
    await server.says('blocked')
    server.kill('SIGTERM')
    const alive: number[] = []
    const asking = setInterval(() => {
      void statusOf(probes, '/livez').then((status) => alive.push(status))
    }, 100)
    while ((await statusOf(server.port, '/readyz')) !== 503) await sleep(10)
    expect(linesOf(server, 'closing listener')).toHaveLength(0)
    expect(await statusOf(server.port, '/livez')).toBe(200)
    clearInterval(asking)
    expect(alive.length).toBeGreaterThan(5)
    expect(new Set(alive)).toEqual(new Set([200]))
    await blocking.sees('done')
    expect(await server.exited).toBe(0)
    expect(linesOf(server, 'draining')).toHaveLength(1)
    expect(linesOf(server, 'stopped')).toMatchObject([{ outcome: 'clean', forced: 0 }])
  })

  it('costs no worker of a cluster its life, and no worker drains twice', async () => {
    const cluster = await startProcess({ drain: quick }, {}, 'blocked-cluster.mjs')
    const [blocking, other] = [await openRaw(cluster.port), await openRaw(cluster.port)]
    blocking.send(request('/?block=5000'))
    await cluster.says('blocked')
    other.send(request())
    cluster.kill('SIGTERM')
    await Promise.all([blocking, other].map((client) => client.sees('done')))
    expect(await cluster.says('workers ended')).toMatchObject({ ends: [0, 0] })
    expect(await cluster.exited).toBe(0)
    const drained = linesOf(cluster, 'draining').map(({ pid }) => pid)
    expect(new Set(drained).size).toBe(2)
    expect(drained).toHaveLength(2)
    expect(linesOf(cluster, 'stopped')).toHaveLength(2)
  })
})
