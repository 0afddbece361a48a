import { describe, expect, it } from 'vitest'

import { createTlsServer, quick, sleep, start } from './harness.ts'
import type { Harness } from './harness.ts'
import { count, openRaw, openTls, request } from './raw-client.ts'

async function startTls(delayMs = 0, drain = quick): Promise<Harness> {
  const server = createTlsServer((_, response) => {
    setTimeout(() => response.end('done'), delayMs)
  })
  return start(() => {}, { drain }, server)
}

describe.concurrent('an HTTPS server', () => {
  it('lets a request in flight end', async () => {
    const { lifecycle, port } = await startTls(800)
    const client = await openTls({ port })
    client.send(request())
    await sleep(100)
    const report = await lifecycle.shutdown()
    expect(client.received()).toMatch(/Connection: close\r\n[^]*done$/)
    expect(await client.closed).toBe('clean')
    expect(report).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('serves a connection that was accepted before the drain and shakes hands during it', async () => {
    const { lifecycle, port } = await startTls()
    const tcp = await openRaw(port)
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(500)
    tcp.socket.removeAllListeners('data').setEncoding()
    const client = await openTls({ socket: tcp.socket })
    client.send(request())
    await client.sees('done')
    expect(client.received()).toContain('Connection: close')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1, forced: 0 })
  })

  it('does not wait long for a handshake that never comes', async () => {
    const { lifecycle, port } = await startTls(0, { ...quick, deadline: 60_000 })
    const tcp = await openRaw(port)
    await sleep(100)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', forced: 0 })
    await tcp.closed
  })

  it('closes idle connections without an error', async () => {
    const { lifecycle, port } = await startTls()
    const clients = await Promise.all(Array.from({ length: 20 }, () => openTls({ port })))
    for (const client of clients) client.send(request())
    await Promise.all(clients.map((client) => client.sees('done')))
    await sleep(100)
    const report = await lifecycle.shutdown()
    const ends = await Promise.all(clients.map((client) => client.closed))
    expect(new Set(ends)).toEqual(new Set(['clean']))
    expect(report).toMatchObject({ outcome: 'clean', completed: 0 })
  })

  it('delivers 8 MB that were ended before the drain to a slow reader', async () => {
    const size = 8 * 1024 * 1024
    const server = createTlsServer((_, response) => response.end(Buffer.alloc(size, 'x')))
    const { lifecycle, port } = await start(() => {}, {}, server)
    const client = await openTls({ port })
    client.socket.pause()
    client.send(request())
    await sleep(200)
    const stopped = lifecycle.shutdown()
    await sleep(300)
    client.socket.resume()
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
    await client.closed
    expect(count(client.received(), 'x')).toBeGreaterThanOrEqual(size)
  })

  it('does not execute a request that comes after it closed its side', async () => {
    let executed = 0
    const server = createTlsServer((_, response) => {
      executed += 1
      response.end('done')
    })
    const { lifecycle, port } = await start(() => {}, {}, server)
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => openTls({ port, allowHalfOpen: true })),
    )
    const stopped = lifecycle.shutdown()
    await Promise.all(clients.map((client) => client.ended))
    for (const client of clients) client.send(request())
    await sleep(100)
    for (const client of clients) client.socket.end()
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 0 })
    expect(executed).toBe(0)
  })

  it('is cut at the deadline, and the cut connection is counted once', async () => {
    const { lifecycle, port } = await startTls(60_000, { notice: 0, quiet: 0, deadline: 300 })
    const client = await openTls({ port })
    client.send(request())
    await sleep(100)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'forced', forced: 1, exitCode: 70 })
    await client.closed
  })
})
