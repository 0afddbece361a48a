import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { wireClient } from '../src/wire-client.ts'

const WHOLE = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** What a server does with the request that comes as the `turn`th on its connection. */
type Act = (socket: Socket, turn: number, text: string) => void

describe('a request ends as', () => {
  test.each<[outcome: string, act: Act]>([
    ['ok', (socket) => socket.write(WHOLE)],
    ['ok', (socket) => socket.write(WHOLE.replace('200', '404'))],
    ['status', (socket) => socket.write(WHOLE.replace('200', '502'))],
    ['reset-on-fresh', (socket) => socket.destroy()],
    ['reset-on-fresh', (socket) => socket.resetAndDestroy()],
    ['truncated', (socket) => socket.end(WHOLE.slice(0, -1))],
    ['truncated', (socket) => socket.end('HTTP/1.1')],
    ['malformed', (socket) => socket.write('nonsense\r\n\r\n')],
    ['malformed', (socket) => socket.write(`${WHOLE}and more`)],
    ['timeout', () => undefined],
  ])('%s', async (outcome, act) => {
    const { url } = await server(act)
    const client = wireClient(url, { keepAlive: true, timeoutMs: 300 })
    onTestFinished(() => client.close())
    const exchange = await client.ask()
    expect(exchange).toMatchObject({ outcome, connection: 1, turn: 1 })
    expect(exchange.problem === '').toBe(outcome === 'ok')
    expect(exchange.endedAt).toBeGreaterThanOrEqual(exchange.startedAt)
  })

  test.each<[way: string, act: Act]>([
    ['ends', (socket) => socket.end()],
    ['is reset', (socket) => socket.resetAndDestroy()],
  ])('reset-on-reused where a connection that has answered %s', async (_, end) => {
    const { url, seen } = await server((socket, turn, text) =>
      turn === 1 ? socket.write(WHOLE) : end(socket, turn, text),
    )
    const client = wireClient(url, { keepAlive: true })
    onTestFinished(() => client.close())
    expect(await client.ask()).toMatchObject({ outcome: 'ok', connection: 1, turn: 1 })
    expect(await client.ask({ method: 'POST', path: '/x', body: 'y' })).toMatchObject({
      outcome: 'reset-on-reused',
      connection: 1,
      turn: 2,
    })
    expect(await client.ask()).toMatchObject({ outcome: 'ok', connection: 2, turn: 1 })
    expect(seen()).toBe(3)
  })

  test('refused where nobody listens', async () => {
    const { url, close } = await server(() => undefined)
    await close()
    const client = wireClient(url, { keepAlive: true })
    expect(await client.ask()).toMatchObject({ outcome: 'refused', turn: 1 })
  })
})

describe('a client', () => {
  test('sends what it is given, byte for byte', async () => {
    const texts: string[] = []
    const { url } = await server((socket, _, text) => {
      texts.push(text)
      socket.write(WHOLE)
    })
    const client = wireClient(url, { keepAlive: true })
    onTestFinished(() => client.close())
    await client.ask({ method: 'PUT', path: '/a?b', headers: { 'X-A': '1' }, body: 'é' })
    const { host } = new URL(url)
    expect(texts).toStrictEqual([
      `PUT /a?b HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nX-A: 1\r\n\r\né`,
    ])
  })

  test('that keeps nothing alive makes a connection for each request, though the server keeps them', async () => {
    const { url, connections } = await server((socket) => socket.write(WHOLE))
    const client = wireClient(url, { keepAlive: false })
    for (let n = 1; n <= 3; n += 1)
      expect(await client.ask()).toMatchObject({ outcome: 'ok', connection: n, turn: 1 })
    expect(connections()).toBe(3)
  })

  test('makes another connection where the one that it has was closed while it was idle', async () => {
    const { url, ended } = await server((socket) => socket.end(WHOLE))
    const client = wireClient(url, { keepAlive: true })
    onTestFinished(() => client.close())
    expect(await client.ask()).toMatchObject({ outcome: 'ok', connection: 1 })
    await ended()
    expect(await client.ask()).toMatchObject({ outcome: 'ok', connection: 2 })
  })

  test('that has lost interest cuts its connection', async () => {
    const gone = new AbortController()
    const { url, ended } = await server(() => gone.abort())
    const client = wireClient(url, { keepAlive: true })
    const exchange = await client.ask({}, { signal: gone.signal })
    expect(exchange).toMatchObject({ outcome: 'timeout', problem: 'given up by its client' })
    await ended()
  })

  test('hands the connection over when it carries another protocol', async () => {
    const { url } = await server((socket, turn) =>
      socket.write(turn === 1 ? 'HTTP/1.1 101 Switching\r\n\r\nfirst' : 'second'),
    )
    const client = wireClient(url, { keepAlive: true })
    await client.ask()
    const { socket, first } = client.connection!.upgraded!
    onTestFinished(() => void socket.destroy())
    expect(String(first)).toBe('first')
    socket.resume()
    socket.write('more')
    const [second] = await once(socket, 'data')
    expect(String(second)).toBe('second')
  })
})

/** A server of bytes on a free port, until the test ends. Requests come whole, each in one piece. */
async function server(act: Act) {
  const sockets = new Set<Socket>()
  let connections = 0
  let seen = 0
  const listener = createServer((socket) => {
    let turn = 0
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      turn += 1
      seen += 1
      act(socket, turn, bytes.toString('latin1'))
    })
    socket.on('close', () => listener.emit('ended'))
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const ended = once(listener, 'ended')
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!listener.listening) return
    listener.close()
    await once(listener, 'close')
  }
  onTestFinished(close)
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  return { url, close, connections: () => connections, seen: () => seen, ended: () => ended }
}
