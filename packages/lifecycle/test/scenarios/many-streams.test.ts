import { once } from 'node:events'

import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { openRaw, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'
import { startProcess } from '../server-process.ts'
import type { ServerProcess } from '../server-process.ts'

const serve = (stop: string): Promise<ServerProcess> =>
  startProcess(
    { drain: { notice: 0, quiet: 50, streams: '1s', deadline: '60s' } },
    { STOP: stop },
    'scenario-server.mjs',
  )

/** So many at a time that they fit into the queue of a listener. */
async function openMany<T>(total: number, open: () => Promise<T>): Promise<T[]> {
  const opened: T[] = []
  while (opened.length < total) {
    const batch = Math.min(100, total - opened.length)
    opened.push(...(await Promise.all(Array.from({ length: batch }, open))))
  }
  return opened
}

interface Audience {
  readonly clients: RawClient[]
  /** Milliseconds from the first to the last end. */
  readonly spreadMs: number
  readonly exitCode: number | string
}

async function stopStreams(server: ServerProcess, total: number): Promise<Audience> {
  const clients = await openMany(total, async () => {
    const client = await openRaw(server.port)
    client.send(request('/events'))
    await client.sees('data: x')
    return client
  })
  server.kill('SIGTERM')
  const ends = clients.map(({ closed }) => closed.then(() => performance.now()))
  const times = await Promise.all(ends)
  return {
    clients,
    spreadMs: Math.max(...times) - Math.min(...times),
    exitCode: await server.exited,
  }
}

const endedCleanly = ({ received }: RawClient): boolean => received().endsWith('\r\n0\r\n\r\n')

describe('Scenario 7: an endless stream of events with 1,000 clients', () => {
  it('ends for each with a clean terminator, spread over the window, with exit code 0', async () => {
    const server = await serve('lifecycle')
    const { clients, spreadMs, exitCode } = await stopStreams(server, 1_000)
    expect(exitCode).toBe(0)
    expect(clients.filter(endedCleanly)).toHaveLength(1_000)
    expect(new Set(await Promise.all(clients.map(({ closed }) => closed)))).toEqual(
      new Set(['clean']),
    )
    expect(spreadMs).toBeGreaterThan(300)
    expect(server.lines.at(-2)).toMatchObject({ outcome: 'clean', completed: 1_000, forced: 0 })
  })

  it('is noticed to be cut where server.close() waits for it until it is killed', async () => {
    const { clients, exitCode } = await stopStreams(await serve('close'), 10)
    expect(exitCode).toBe(1)
    expect(clients.filter(endedCleanly)).toHaveLength(0)
  })
})

const upgradeTo = (protocol: string): string =>
  request(
    '/',
    `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Version: 13\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  )

/** One that closes its side when the server does, or one that never does. */
async function openUpgraded(port: number, protocol: string, mute: boolean): Promise<RawClient> {
  const client = await openRaw(port, { allowHalfOpen: mute })
  client.send(upgradeTo(protocol))
  await client.sees('101 Switching')
  return client
}

const goingAway = '\x88\x0c\x03\xe9going away'

describe('Scenario 8: 1,000 WebSockets and raw upgrades, 200 of them mute', () => {
  it('are closed with 1001; who does not answer is cut and counted, long before the deadline', async () => {
    const server = await serve('lifecycle')
    const { port } = server
    const polite = await openMany(500, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`)
      await once(socket, 'open')
      return socket
    })
    const codes = Promise.all(polite.map(async (socket) => (await once(socket, 'close'))[0]))
    const raw = await openMany(300, () => openUpgraded(port, 'echo', false))
    const mute = await openMany(100, () => openUpgraded(port, 'websocket', true))
    const muteRaw = await openMany(100, () => openUpgraded(port, 'echo', true))
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(new Set(await codes)).toEqual(new Set([1001]))
    expect(new Set(await Promise.all(raw.map(({ closed }) => closed)))).toEqual(new Set(['clean']))
    expect(mute.filter(({ received }) => received().endsWith(goingAway))).toHaveLength(100)
    expect(server.lines.at(-2)).toMatchObject({ outcome: 'clean', completed: 800, forced: 200 })
    expect(Number(server.lines.at(-2)?.['durationMs'])).toBeLessThan(30_000)
    for (const { socket } of [...mute, ...muteRaw]) socket.destroy()
  })
})
