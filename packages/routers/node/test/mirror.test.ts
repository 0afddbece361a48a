import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { RouteTable } from '@changeover/engine'
import { type NodeRouter, type NodeRouterOptions } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { type Backend, backend, named } from './backends.ts'
import { ask, rawClient } from './clients.ts'
import { openRouter, table } from './shop.ts'

const COPY = 'x-changeover-mirror'

describe('a copy of a request', () => {
  test('has its path, its headers and a header that says that it is one', async () => {
    const { url, copies, v1 } = await mirroredShop()
    const headers = { 'X-Shop': 'yes', 'X-Changeover-Mirror': 'a client says so' }
    await ask(`${url}/a?b=c`, { headers })
    await copies.until(1)
    const [copy] = copies.requests
    expect([copy?.method, copy?.url, copy?.headers['x-shop']]).toEqual(['GET', '/a?b=c', 'yes'])
    expect(copy?.headers[COPY]).toBe('1')
    expect(v1.requests[0]?.headers, 'said by the router alone').not.toHaveProperty(COPY)
  })

  test('is made of methods that change nothing, and of others where they are named', async () => {
    const { url, copies } = await mirroredShop()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'GET', 'HEAD', 'OPTIONS'])
      await ask(url, { method })
    await copies.until(3)
    expect(copies.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'OPTIONS'])
    const posts = await mirroredShop({ mirrorMethods: ['POST'] })
    await ask(posts.url)
    await ask(posts.url, { method: 'POST', body: 'an order' })
    await posts.copies.until(1)
    expect(posts.copies.requests.map(({ method }) => method)).toEqual(['POST'])
  })

  test.each([
    ['of a length that was told', {}],
    ['in chunks', { trailers: { 'X-End': 'yes' } }],
  ])('has the whole body, %s', async (_, framing) => {
    const { url, copies, v1 } = await mirroredShop({ mirrorMethods: ['POST'] })
    const body = 'x'.repeat(60_000)
    expect((await ask(url, { method: 'POST', body, ...framing })).body).toBe('v1: 60000')
    await copies.until(1)
    expect([v1.bodies, copies.bodies]).toEqual([[body], [body]])
  })

  test('is not made of a body that is too long, which arrives all the same', async () => {
    const { router, url, copies } = await mirroredShop({
      mirrorMethods: ['POST'],
      limits: { mirrorBytes: 1_000 },
    })
    const body = 'x'.repeat(1_000)
    expect((await ask(url, { method: 'POST', body: `${body}y` })).body).toBe('v1: 1001')
    await ask(url, { method: 'POST', body })
    await copies.until(1)
    expect(copies.bodies).toEqual([body])
    expect(await router.copies('shop')).toEqual({ sent: 1, dropped: 1 })
  })

  test('is not made of a request whose client left in the middle of its body', async () => {
    const { router, url, copies, v1 } = await mirroredShop({ mirrorMethods: ['POST'] })
    const client = await rawClient(url)
    client.socket.write('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhalf')
    while (v1.requests.length === 0) await once(v1.server, 'request')
    client.socket.destroy()
    while ((await router.copies('shop')).dropped === 0) await ask(url)
    expect(copies.requests).toEqual([])
    expect((await drained(router)).inFlight).toBe(0)
  })

  test('is not made beyond as many as are allowed at once, and takes no room from requests', async () => {
    const { router, url, copies } = await mirroredShop({
      limits: { mirrorInFlight: 2, inFlight: 1 },
    })
    const release = copies.hold()
    for (let i = 0; i < 5; i += 1) expect((await ask(url)).status).toBe(200)
    await copies.until(2)
    expect(await router.copies('shop')).toEqual({ sent: 2, dropped: 3 })
    release()
    expect((await drained(router)).drained).toBe(true)
  })

  test('says nothing about its release where it met a connection that was just closed', async () => {
    const { router, url, copies } = await mirroredShop()
    await ask(url)
    await copies.until(1)
    // Closed without a word from now on, between two requests.
    copies.server.on('request', (request: IncomingMessage) => request.socket.destroy())
    await copies.settled(router, 1)
    await ask(url)
    await copies.until(2)
    await copies.settled(router, 1)
    const { v2 } = await router.traffic('shop')
    expect([v2?.total, v2?.bad]).toEqual([1, 0])
  })

  test('is cut where its answer has no end, which is not held against its release', async () => {
    const { router, url, copies } = await mirroredShop({ timeouts: { answer: '100ms' } })
    copies.server.removeAllListeners('request')
    copies.server.on('request', (_, response) => void response.write('the first of many events'))
    await ask(url)
    await copies.settled(router, 1)
    const { v2 } = await router.traffic('shop')
    expect([v2?.total, v2?.bad]).toEqual([1, 0])
  })

  test('is cut with the router', async () => {
    const { router, url, copies } = await mirroredShop()
    copies.hold()
    await ask(url)
    await copies.until(1)
    await router.close()
    expect((await router.drain('shop', ['v2-1'], { deadline: 10_000 })).drained).toBe(true)
  })
})

interface Copies extends Backend {
  readonly bodies: string[]
  until(count: number): Promise<void>
  hold(): () => void
  settled(router: NodeRouter, sent: number): Promise<void>
}

/** A backend that keeps bodies, and answers at once or when it is let. */
async function keeper(name: string): Promise<Copies> {
  const bodies: string[] = []
  const waiting: (() => void)[] = []
  let holding = false
  const made = await backend((request, response) => {
    void text(request).then(
      (body) => {
        if (request.method === 'POST') bodies.push(body)
        const answer = (): unknown => response.end(`${name}: ${body.length}`)
        if (holding) waiting.push(answer)
        else answer()
      },
      () => response.destroy(),
    )
  })
  return Object.assign(made, {
    bodies,
    async until(count: number) {
      while (made.requests.length < count) await once(made.server, 'request')
    },
    hold() {
      holding = true
      return () => {
        holding = false
        for (const answer of waiting) answer()
      }
    },
    async settled(router: NodeRouter, sent: number) {
      while ((await router.copies('shop')).sent < sent) await new Promise(setImmediate)
      while (made.server.listening && (await busy(router))) await new Promise(setImmediate)
    },
  })
}

async function busy(router: NodeRouter): Promise<boolean> {
  const { inFlight } = await router.drain('shop', ['v2-1'], { deadline: 0 })
  return inFlight !== 0
}

/** All goes to v1, and is copied to v2. */
async function mirroredShop(options: Partial<NodeRouterOptions> = {}) {
  const [v1, copies] = [await keeper('v1'), await keeper('v2')]
  const router = await openRouter(options)
  const releases = { v1: [v1.address], v2: [copies.address] }
  const mirrored: RouteTable = {
    ...table({ releases, weights: { v2: 0 } }),
    mirror: { release: 'v2', weight: 10_000 },
  }
  await router.apply(mirrored)
  return { router, url: router.url('shop'), v1, copies }
}

/** Takes the mirror out, and waits for what is left of it. */
async function drained(router: NodeRouter) {
  const other = await named('v3')
  await router.apply(table({ releases: { v3: [other.address] }, revision: 2 }))
  return router.drain('shop', ['v1-1', 'v2-1'], { deadline: 20_000 })
}
