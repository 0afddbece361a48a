import { once } from 'node:events'
import { constants } from 'node:http2'
import type { NodeRouterOptions } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { type Backend, backend } from './backends.ts'
import { identity } from './certificates.ts'
import { rawClient } from './clients.ts'
import { http2Client } from './http2-client.ts'
import { routedShop } from './shop.ts'

const SIZE = 20_000_000
const LIMIT = { timeouts: { stalled: 300 } }
const GET = 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n'

/** Has much to say at `/big`, and a little now and then elsewhere. */
async function talkative(): Promise<Backend> {
  return backend((request, response) => {
    if (request.url === '/big') response.end(Buffer.alloc(SIZE))
    else {
      response.write('tick')
      setTimeout(() => response.end('tock'), 1000)
    }
  })
}

async function shopOf(options: Partial<NodeRouterOptions>): Promise<string> {
  const { address } = await talkative()
  return (await routedShop({ releases: { v1: [address] } }, options)).url('shop')
}

describe.each([true, false])('with the fast path: %s, a client', (fastPath) => {
  test('that takes nothing of what waits for it is cut, and so is its request', async () => {
    const big = await talkative()
    const router = await routedShop({ releases: { v1: [big.address] } }, { ...LIMIT, fastPath })
    const client = await rawClient(router.url('shop'))
    client.socket.pause().removeAllListeners('data')
    client.socket.write(GET)
    while (!big.requests[0]) await once(big.server, 'request')
    const { socket } = big.requests[0]
    await new Promise((resolve) => socket.once('close', resolve))
    let received = 0
    client.socket.on('data', (chunk) => (received += chunk.length)).resume()
    await client.closed
    expect(received).toBeLessThan(SIZE)
  })

  test('that takes it slowly, or for which nothing waits, is not', async () => {
    const url = await shopOf({ timeouts: { stalled: 700 }, fastPath })
    const [slow, waiting] = [await rawClient(url), await rawClient(url)]
    waiting.socket.write(GET.replace('/big', '/events'))
    let received = 0
    const whole = new Promise<void>((resolve) => {
      slow.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received > SIZE) resolve()
        slow.socket.pause()
        setTimeout(() => slow.socket.resume(), 3)
      })
    })
    slow.socket.write(GET)
    await Promise.race([whole, slow.closed])
    expect(received).toBeGreaterThan(SIZE)
    await waiting.until(/tock/)
  })
})

describe('over HTTP/2', () => {
  test('a stream that is held up is broken off, and its connection goes on', async () => {
    const url = await shopOf({ ...LIMIT, listeners: { shop: { port: 0, tls: identity('a') } } })
    const client = await http2Client(url)
    const stuck = client.request({ ':path': '/big' })
    const waiting = client.request({ ':path': '/events' })
    let text = ''
    stuck.on('error', () => undefined)
    waiting.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(waiting, 'end')
    expect(text).toBe('ticktock')
    stuck.resume()
    if (!stuck.closed) await new Promise((resolve) => stuck.once('close', resolve))
    expect(stuck.rstCode).toBe(constants.NGHTTP2_CANCEL)
  })
})
