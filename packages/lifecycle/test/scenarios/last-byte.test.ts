import { once } from 'node:events'
import { connect } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'

import { describe, expect, it } from 'vitest'

import { sleep } from '../harness.ts'
import { count, openRaw, openTls, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'
import { startProcess } from '../server-process.ts'
import type { ServerProcess } from '../server-process.ts'

// A keep-alive connection that nobody closes costs 5 s, and the deadline 20 s: well above what a test allows for noise.
const soonMs = 2_500

type Protocol = 'http' | 'https' | 'h2c' | 'h2'

const serve = (PROTOCOL: Protocol, STOP = 'lifecycle'): Promise<ServerProcess> =>
  startProcess(
    { drain: { notice: 0, quiet: 50, deadline: '20s' } },
    { PROTOCOL, STOP },
    'scenario-server.mjs',
  )

/** How long the process lives on. */
async function outlives({ exited }: ServerProcess): Promise<number> {
  const since = performance.now()
  await exited
  return performance.now() - since
}

/** Reads 4 MB a second until the server closes its side; resolves with the size of the body. */
async function readSlowly({ socket, received, ended }: RawClient): Promise<number> {
  socket.on('data', (chunk: string) => {
    socket.pause()
    setTimeout(() => socket.resume(), chunk.length / 4_000)
  })
  await ended
  return received().length - received().indexOf('\r\n\r\n') - 4
}

describe('Scenario 3: 8 MB that were ended already, to a slow reader', () => {
  const read = async (server: ServerProcess): Promise<number> => {
    const client = await openRaw(server.port)
    client.send(request('/big'))
    await client.sees('200 OK')
    client.socket.pause()
    await sleep(100)
    server.kill('SIGTERM')
    await sleep(100)
    client.socket.resume()
    return readSlowly(client)
  }

  it('arrive complete, and the process ends soon after the last byte', async () => {
    const server = await serve('http')
    expect(await read(server)).toBe(8 * 1024 * 1024)
    expect(await outlives(server)).toBeLessThan(soonMs)
    expect(await server.exited).toBe(0)
  })

  it('are noticed to be cut by server.close() alone', async () => {
    const server = await serve('http', 'close')
    const size = await read(server).catch(() => 0)
    expect(size).toBeLessThan(8 * 1024 * 1024)
  })
})

interface Session {
  readonly session: ClientHttp2Session
  readonly ask: () => Promise<string>
}

async function openSession(scheme: string, port: number): Promise<Session> {
  const session = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  const ask = async (): Promise<string> => {
    const stream = session.request({ ':path': '/?ms=1000' })
    const chunks: Buffer[] = await stream.toArray()
    return Buffer.concat(chunks).toString()
  }
  return { session, ask }
}

describe('Scenario 4: three streams of HTTP/2 in flight', () => {
  it.each([
    ['h2c', 'http'],
    ['h2', 'https'],
  ] as const)(
    'over %s finish after a GOAWAY, a new one is refused, and the process ends soon after them',
    async (protocol, scheme) => {
      const server = await serve(protocol)
      const { session, ask } = await openSession(scheme, server.port)
      const asked = Promise.all([ask(), ask(), ask()])
      await sleep(200)
      let answered = false
      void asked.then(() => (answered = true))
      const told = once(session, 'goaway')
      server.kill('SIGTERM')
      expect((await told).slice(0, 2)).toEqual([0, 2 ** 31 - 1])
      await expect(ask()).rejects.toMatchObject({ code: 'ERR_HTTP2_GOAWAY_SESSION' })
      expect(answered).toBe(false)
      expect(await asked).toEqual(['done', 'done', 'done'])
      expect(await outlives(server)).toBeLessThan(soonMs)
      expect(await server.exited).toBe(0)
      expect(server.lines.at(-1)).toMatchObject({ executed: 3 })
    },
  )

  it('finish beside a client of HTTP/1.1 on the same port', async () => {
    const server = await serve('h2')
    const { ask } = await openSession('https', server.port)
    const old = await openTls({ port: server.port, ALPNProtocols: ['http/1.1'] })
    const asked = Promise.all([ask(), ask(), ask()])
    old.send(request('/?ms=1000'))
    await sleep(200)
    server.kill('SIGTERM')
    expect(await asked).toEqual(['done', 'done', 'done'])
    await old.ended
    expect(old.received()).toMatch(/Connection: close\r\n[^]*done/)
    expect(await outlives(server)).toBeLessThan(soonMs)
    expect(await server.exited).toBe(0)
  })
})

describe('Scenario 5: a request of 3 s over HTTPS', () => {
  it('survives, and the process ends soon after it', async () => {
    const server = await serve('https')
    const client = await openTls({ port: server.port })
    client.send(request('/?ms=3000'))
    await sleep(100)
    server.kill('SIGTERM')
    await client.ended
    expect(client.received()).toMatch(/Connection: close\r\n[^]*done$/)
    expect(await outlives(server)).toBeLessThan(soonMs)
    expect(await server.exited).toBe(0)
  })
})

describe('Scenario 6: a chunked response whose head left before SIGTERM', () => {
  const stop = async (server: ServerProcess): Promise<[RawClient, number | string]> => {
    const client = await openRaw(server.port)
    client.send(request('/chunked?ms=600'))
    await client.sees('first,')
    server.kill('SIGTERM')
    await client.sees('0\r\n\r\n')
    return [client, await server.exited]
  }

  it('closes its socket at its end, and the process ends soon after it', async () => {
    const server = await serve('http')
    const [client, exitCode] = await stop(server)
    expect(count(client.received(), 'last')).toBe(1)
    expect(await client.closed).toBe('clean')
    expect(exitCode).toBe(0)
  })

  it('is noticed to hold up server.close() alone until it is killed', async () => {
    const [, exitCode] = await stop(await serve('http', 'close'))
    expect(exitCode).toBe(1)
  })
})
