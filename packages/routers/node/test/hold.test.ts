import type { NodeRouter, NodeRouterOptions } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { backend, named } from './backends.ts'
import { ask, exchangeRaw, rawClient } from './clients.ts'
import { identity } from './certificates.ts'
import { ask2, http2Client } from './http2-client.ts'
import { openRouter, routedShop, table } from './shop.ts'
import { upgradeBackend, upgradeHead } from './upgrade-backends.ts'

/** Long enough for what was sent to have arrived. */
const aMoment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50))

/** Releases until all of `count` have come and gone; how many those were. */
async function released(router: NodeRouter, count: number): Promise<number> {
  let sum = 0
  for (;;) {
    await aMoment()
    sum += await router.release('shop')
    if (sum >= count) return sum
    await router.hold('shop')
  }
}

const SECURE = { listeners: { shop: { port: 0, tls: identity('a') } } }

async function heldShop(
  address: string,
  options: Partial<NodeRouterOptions> = {},
): Promise<{ router: NodeRouter; url: string }> {
  const router = await routedShop({ releases: { v1: [address] } }, options)
  await router.hold('shop')
  return { router, url: router.url('shop') }
}

describe('a service on hold', () => {
  test('lets requests wait in order, and go by the table in force when it is released', async () => {
    const v1 = await named('v1')
    const v2 = await backend((request, response) => response.end(`v2 ${request.url}`))
    const { router, url } = await heldShop(v1.address, SECURE)
    // Requests on one connection arrive in the order in which they were sent.
    const client = await http2Client(url)
    const answers = ['/1', '/2', '/3'].map((path) => ask2(client, { ':path': path }))
    await aMoment()
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    expect(await router.drain('shop', ['v1-1'], { deadline: 1000 })).toMatchObject({
      drained: true,
    })
    expect(await released(router, 3)).toBe(3)
    const bodies = (await Promise.all(answers)).map(({ body }) => body)
    expect(bodies).toEqual(['v2 /1', 'v2 /2', 'v2 /3'])
    expect(v2.requests.map((request) => request.url)).toEqual(['/1', '/2', '/3'])
    expect(v1.requests).toHaveLength(0)
    expect((await ask2(client)).body).toBe('v2 /')
    expect(await router.release('shop')).toBe(0)
  })

  test('lets bodies, upgrades and requests of HTTP/2 wait as well', async () => {
    const ws = await upgradeBackend((socket) => socket.resume())
    const echo = await backend((request, response) => request.pipe(response))
    const { router, url } = await heldShop(ws.address)
    const body = ask(url, { method: 'POST', body: 'x'.repeat(300_000) })
    const client = await rawClient(url)
    client.socket.write(upgradeHead())
    await aMoment()
    expect(ws.requests).toHaveLength(0)
    expect(await released(router, 2)).toBe(2)
    expect((await body).body).toBe('plain')
    await client.until(/101 Switching/)
    const secure = await heldShop(echo.address, SECURE)
    const answer = ask2(await http2Client(secure.url), { ':method': 'POST' }, { body: 'hello' })
    expect(await released(secure.router, 1)).toBe(1)
    expect((await answer).body).toBe('hello')
  })

  test('does not hold up what is in flight', async () => {
    const finish: (() => void)[] = []
    const slow = await backend((_request, response) => finish.push(() => response.end('done')))
    const router = await routedShop({ releases: { v1: [slow.address] } })
    const answer = ask(router.url('shop'))
    while (finish.length === 0) await aMoment()
    await router.hold('shop')
    finish[0]?.()
    expect((await answer).body).toBe('done')
  })

  test('refuses those beyond the limit at once, and those who waited too long', async () => {
    const v1 = await named('v1')
    const { router, url } = await heldShop(v1.address, SECURE)
    await router.hold('shop', { limit: 1, deadline: 300 })
    const client = await http2Client(url)
    const [late, full] = await Promise.all([ask2(client), ask2(client)])
    for (const { status, headers } of [late, full])
      expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(full.body).toMatch(/Too many requests wait/)
    expect(late.body).toMatch(/on hold for too long/)
    await router.hold('shop')
    const next = ask2(client)
    expect(await released(router, 1)).toBe(1)
    expect((await next).body).toBe('v1')
    expect(v1.requests).toHaveLength(1)
  })

  test('forgets those who leave', async () => {
    const v1 = await named('v1')
    const { router, url } = await heldShop(v1.address)
    await router.hold('shop', { limit: 2 })
    const clients = await Promise.all([rawClient(url), rawClient(url)])
    clients[0]?.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    clients[1]?.socket.write(upgradeHead())
    await aMoment()
    for (const { socket } of clients) socket.destroy()
    await aMoment()
    await router.hold('shop', { limit: 2 })
    const answers = [ask(url), ask(url)]
    expect(await released(router, 2)).toBe(2)
    for (const answer of answers) expect((await answer).body).toBe('v1')
    expect(v1.requests).toHaveLength(2)
  })

  test('turns those who wait away when the router closes', async () => {
    const v1 = await named('v1')
    const { router, url } = await heldShop(v1.address)
    const answer = exchangeRaw(url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await aMoment()
    await router.close()
    expect(await answer).toMatch(/^HTTP\/1\.1 503 [^]*The router is closing\.\n$/)
    await expect(router.hold('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_CLOSED' })
    await expect(router.release('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_ROUTER_CLOSED' })
  })

  test('is named, and held by options that make sense', async () => {
    const router = await openRouter()
    await expect(router.hold('shpo')).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_SERVICE_UNKNOWN',
    })
    for (const options of [{ limit: -1 }, { deadline: 0 }, { deadline: '40d' }, { dealine: 1 }])
      await expect(router.hold('shop', options as object)).rejects.toMatchObject({
        code: 'CHANGEOVER_OPTION_INVALID',
      })
    expect((await ask(router.url('shop'))).status).toBe(503)
  })
})
