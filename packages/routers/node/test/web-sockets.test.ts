import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import type { NodeRouter } from '@changeover/router-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { named } from './backends.ts'
import { routedShop, table } from './shop.ts'

/** What this test uses of a WebSocket of the package `ws`, which is installed for another package. */
interface Socket extends NodeJS.EventEmitter {
  send(data: string | Buffer): void
  close(): void
  terminate(): void
  readonly extensions: string
}
interface Ws {
  readonly WebSocket: new (url: string, options?: object) => Socket
  readonly WebSocketServer: new (options: object) => NodeJS.EventEmitter & {
    readonly clients: ReadonlySet<Socket>
    address(): { readonly port: number }
    close(): void
  }
}
const { WebSocket, WebSocketServer }: Ws = createRequire(
  new URL('../../../lifecycle/package.json', import.meta.url),
)('ws') as Ws

/** An echo of messages, which notes the codes with which it was closed. */
async function echoing(): Promise<{ address: string; codes: number[] }> {
  const codes: number[] = []
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: { threshold: 0 },
  })
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (socket: Socket) => {
    socket.on('message', (data: Buffer, binary: boolean) => {
      socket.send(binary ? data : data.toString())
    })
    socket.on('close', (code: number) => codes.push(code))
  })
  await once(server, 'listening')
  return { address: `127.0.0.1:${server.address().port}`, codes }
}

async function openSocket(router: NodeRouter): Promise<Socket> {
  const socket = new WebSocket(router.url('shop').replace('http', 'ws'))
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

async function echoed(socket: Socket, message: string | Buffer): Promise<Buffer> {
  socket.send(message)
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data
}

describe('a WebSocket', () => {
  test('carries messages of any size, compressed from end to end', async () => {
    const { address, codes } = await echoing()
    const router = await routedShop({ releases: { v1: [address] } })
    const socket = await openSocket(router)
    expect(socket.extensions).toMatch(/permessage-deflate/)
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000])
      expect((await echoed(socket, Buffer.alloc(size, 'x'))).length).toBe(size)
    expect((await echoed(socket, 'héllo')).toString()).toBe('héllo')
    socket.close()
    await once(socket, 'close')
    while (codes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(codes).toEqual([1005])
  })

  test('is closed with 1001 on both sides by a drain, in the middle of messages, and none is torn', async () => {
    const { address, codes } = await echoing()
    const v2 = await named('v2')
    const router = await routedShop({ releases: { v1: [address] } })
    const sockets = await Promise.all(Array.from({ length: 5 }, () => openSocket(router)))
    const closes = sockets.map((socket) => once(socket, 'close'))
    const errors: unknown[] = []
    for (const socket of sockets) {
      socket.on('error', (error) => errors.push(error))
      socket.on('message', (data: Buffer) => {
        expect(data.length).toBe(100_000)
        socket.send(data)
      })
      for (let i = 0; i < 3; i++) socket.send(Buffer.alloc(100_000, i))
    }
    await once(sockets[0]!, 'message')
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    expect(await router.drain('shop', ['v1-1'], { deadline: 20_000 })).toEqual({
      drained: true,
      inFlight: 0,
      longLived: 0,
      forced: 0,
    })
    expect((await Promise.all(closes)).map(([code]) => code as number)).toEqual(Array(5).fill(1001))
    while (codes.length < 5) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(codes).toEqual(Array(5).fill(1001))
    expect(errors).toEqual([])
  })

  test('whose client hangs is closed with 1001 at its instance before it is cut', async () => {
    const { address, codes } = await echoing()
    const v2 = await named('v2')
    const router = await routedShop({ releases: { v1: [address] } }, { upgrades: { grace: 200 } })
    const client = connect(Number(new URL(router.url('shop')).port), '127.0.0.1')
    onTestFinished(() => void client.destroy())
    client.on('error', () => undefined)
    client.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await once(client, 'data')
    client.pause()
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    expect(await router.drain('shop', ['v1-1'], { deadline: 20_000 })).toMatchObject({
      drained: true,
      forced: 1,
    })
    while (codes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(codes).toEqual([1001])
  })
})
