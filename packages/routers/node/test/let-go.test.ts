import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { backend } from './backends.ts'
import { rawClient } from './clients.ts'
import { routedShop } from './shop.ts'
import { upgradeHead } from './upgrade-backends.ts'

/** Not plain, so that Node reads the connection, which lets go of it with the request behind this one. */
const FIRST = 'GET /first HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n'

describe('a connection that asks for another protocol before its answers are out', () => {
  test.each(['reset', 'end'] as const)('takes its request with it at its %s', async (way) => {
    const uncaught: unknown[] = []
    const hear = (error: unknown): unknown => uncaught.push(error)
    process.on('uncaughtException', hear)
    const silent = await backend(() => undefined)
    const router = await routedShop({ releases: { v1: [silent.address] } })
    const { socket } = await rawClient(router.url('shop'))
    socket.write(FIRST + upgradeHead())
    await expect.poll(() => silent.requests.length).toBe(1)
    if (way === 'reset') socket.resetAndDestroy()
    else socket.end()
    await expect.poll(() => silent.requests[0]?.destroyed).toBe(true)
    await sleep(20)
    process.off('uncaughtException', hear)
    expect(uncaught, 'which would end the process').toEqual([])
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    const left = await router.drain('shop', ['v1-1'], { deadline: 5_000 })
    expect(left).toMatchObject({ drained: true, inFlight: 0 })
    expect(silent.requests, 'nothing was asked for a client that had gone').toHaveLength(1)
  })

  test('gets them whole at its own pace, and then the next one', async () => {
    const body = Buffer.alloc(8_000_000, 'a')
    const v1 = await backend(({ url }, response) => response.end(url === '/first' ? body : 'next'))
    const router = await routedShop({ releases: { v1: [v1.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.pause()
    client.socket.write(FIRST + upgradeHead('h2c'))
    await sleep(100)
    client.socket.resume()
    await expect.poll(() => client.text().endsWith('next'), { timeout: 10_000 }).toBe(true)
    expect(client.text().length).toBeGreaterThan(body.length)
  })

  test('may do so any number of times', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', hear)
    const v1 = await backend((_, response) => void setTimeout(() => response.end('ok'), 5))
    const router = await routedShop({ releases: { v1: [v1.address] } })
    const client = await rawClient(router.url('shop'))
    for (let sent = 2; sent <= 30; sent += 2) {
      client.socket.write(FIRST + upgradeHead('h2c'))
      await expect
        .poll(() => client.text().split('HTTP/1.1 200').length, { interval: 5 })
        .toBe(sent + 1)
    }
    await sleep(10)
    process.off('warning', hear)
    expect(warnings).toEqual([])
  })

  test('gets no word of a tunnel’s refusal among the bytes of an answer', async () => {
    const v1 = await backend((_, response) => {
      response.writeHead(200, { 'Content-Length': 200 }).write('begun')
      setTimeout(() => response.end('.'.repeat(195)), 100)
    })
    const router = await routedShop({ releases: { v1: [v1.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.write(FIRST)
    await client.until(/begun/)
    client.socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
    await client.closed
    expect(client.text()).toMatch(/begun\.{195}HTTP\/1\.1 501/)
  })
})
