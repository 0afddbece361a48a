import { once } from 'node:events'
import { connect as openSession } from 'node:http2'
import { connect } from 'node:net'
import type { RouteTable } from '@changeover/engine'
import { type CaddyRouter, caddyRouter } from '../src/index.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '../../../../test/balancers/free-port.ts'
import { until } from '../../../../test/balancers/until.ts'
import { programs } from '../../../../test/debian-packages.ts'
import { type CaddyUnderTest, caddyUnderTest } from '../../../../test/routers/caddy.ts'
import { namedBackend } from './named-backend.ts'

const found = await programs({ command: 'caddy', package: 'caddy' })
const toEnd: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

describe.skipIf(!found)('The router of Caddy', () => {
  it('sends nothing for a table that is in force, and one change for another', async () => {
    const { gate, router } = await start()
    await put(router, table(1, { a: 10_000 }))
    await put(router, table(1, { a: 10_000 }))
    await put(router, table(2, { a: 5_000, b: 5_000 }))
    expect(gate.calls.filter((call) => !call.startsWith('GET'))).toHaveLength(2)
  })

  it('says that Caddy restarted and forgot, as another adapter cannot know', async () => {
    const { router, restart, attach } = await start()
    await put(router, table(3, { a: 10_000 }))
    await restart()
    const { revision, drift } = await router.observe('shop')
    expect([revision, drift.join()]).toEqual([0, expect.stringContaining('restarted and forgot')])
    expect((await (await attach()).observe('shop')).drift).toEqual([])
  })

  it('finds table and fence again where Caddy was started with --resume', async () => {
    const { router, restart, attach } = await start({ resume: true })
    expect((await router.probe()).durable).toBe(true)
    await put(router, { ...table(3, { a: 10_000 }), fence: 7 })
    await restart()
    const late = await attach()
    expect(await late.observe('shop')).toMatchObject({ revision: 3, fence: 7, drift: [] })
    const { outcome } = await late.apply({ ...table(9, { b: 10_000 }), fence: 6 })
    expect(outcome).toBe('rejected')
  })

  it('makes a route of its own before the others where there is none, and only if it is told to', async () => {
    const own = await start({ create: true })
    await put(own.router, table(1, { a: 10_000 }))
    await put(own.router, table(2, { b: 10_000 }))
    const { body } = await own.admin('GET', '/config/apps/http/servers/shops/routes')
    expect(JSON.parse(body)).toMatchObject([
      { '@id': 'changeover-shop', match: [{ host: ['127.0.0.1'] }], terminal: true },
      { '@id': 'other' },
      {},
    ])
    const { admin, router } = await start()
    await admin('DELETE', '/id/changeover-shop')
    const { outcome, reason } = await router.apply(table(1, { a: 10_000 }))
    expect([outcome, reason]).toEqual([
      'rejected',
      expect.stringContaining('no route with the @id'),
    ])
  })

  it('does not converge while a connection is open on which the release that left would answer', async () => {
    const { router, url } = await start()
    const [a, b] = [await backend('a'), await backend('b')]
    await put(router, table(1, { a: 10_000 }, { a }))
    const early = connect(Number(new URL(url).port), '127.0.0.1')
    toEnd.push(async () => early.destroy())
    await once(early, 'connect')
    await until(async () => (await router.observe('shop')).converged)
    const receipt = await router.apply(table(2, { b: 10_000 }, { b }))
    const proof = await router.converge(receipt, { deadline: 300 })
    expect(proof).toMatchObject({
      converged: false,
      evidence: expect.stringContaining('first request'),
    })
    early.write('GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n')
    const [answer] = (await once(early, 'data')) as [Buffer]
    expect(answer.toString(), 'the reason for waiting').toMatch(/X-Release: a/i)
    expect((await router.converge(receipt, { deadline: 20_000 })).converged).toBe(true)
  })

  it('cuts WebSockets at a change, as its capabilities say', async () => {
    const { router, url } = await start()
    expect((await router.probe()).drops).toContain('upgraded')
    const a = await backend('a')
    await put(router, table(1, { a: 10_000 }, { a }))
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    toEnd.push(async () => socket.destroy())
    socket.write(
      'GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await once(socket, 'data')
    const closed = once(socket, 'close')
    await put(router, table(2, { a: 10_000, b: 0 }, { a }))
    await closed
    expect(await router.drain('shop', ['a-1'], { deadline: 0 })).toMatchObject({ drained: false })
  })

  it('does not converge while sessions of HTTP/2 without TLS are open, which no change ends', async () => {
    const { router, url, admin } = await start()
    await admin('PUT', '/config/apps/http/servers/shops/protocols', ['h1', 'h2c'])
    const receipt = await router.apply(table(1, { a: 10_000 }))
    const session = openSession(url)
    toEnd.push(async () => session.destroy())
    await once(session, 'remoteSettings')
    const proof = await router.converge(receipt, { deadline: 300 })
    expect(proof).toMatchObject({ converged: false, evidence: expect.stringContaining('HTTP/2') })
    session.destroy()
    expect((await router.converge(receipt, { deadline: 20_000 })).converged).toBe(true)
  })

  it('bears a split of one basis point', async () => {
    const { router, url } = await start()
    const [a, b] = [await backend('a'), await backend('b')]
    await put(router, table(1, { a: 9_999, b: 1 }, { a, b }))
    const { headers } = await fetch(url)
    expect(headers.get('x-release')).toBe('a')
    expect((await router.observe('shop')).drift).toEqual([])
  })

  it('drives an endpoint on a port that asks for an origin, and gives each proxy the fields that it is told', async () => {
    const { admin, url } = await start()
    const port = await freePort()
    // The endpoint moves in the middle of its answer.
    await admin('POST', '/config/admin', {
      listen: `127.0.0.1:${port}`,
      enforce_origin: true,
    }).catch(String)
    const endpoint = `http://127.0.0.1:${port}`
    const proxy = { headers: { response: { set: { 'X-Via': ['caddy'] } } } }
    const made = (origin: object): CaddyRouter => {
      const router = caddyRouter({ admin: endpoint, ...origin, services: { shop: { url, proxy } } })
      toEnd.push(() => router.close())
      return router
    }
    const known = made({ origin: endpoint })
    await until(() => known.probe().then(Boolean, () => false))
    await put(known, table(1, { a: 10_000 }, { a: await backend('a') }))
    expect((await fetch(url)).headers.get('x-via')).toBe('caddy')
    expect(await made({}).apply(table(2, {}))).toMatchObject({ outcome: 'indeterminate' })
    expect(await known.observe('shop')).toMatchObject({ revision: 1, drift: [] })
  })

  it('is closed once, and does nothing from then on', async () => {
    const { router } = await start()
    const waiting = router.converge(
      { service: 'shop', revision: 5, outcome: 'indeterminate' },
      { deadline: 60_000 },
    )
    expect(router.close()).toBe(router.close())
    await expect(waiting).rejects.toMatchObject({ code: 'CHANGEOVER_CADDY_CLOSED' })
    await expect(router.observe('shop')).rejects.toMatchObject({ code: 'CHANGEOVER_CADDY_CLOSED' })
    expect((await router.apply(table(1, { a: 10_000 }))).outcome).toBe('unreachable')
  })
})

async function start(setup: Parameters<typeof caddyUnderTest>[0] = {}): Promise<CaddyUnderTest> {
  const caddy = await caddyUnderTest(setup)
  if (!caddy) throw new Error('there is no caddy')
  toEnd.push(() => caddy.close())
  return caddy
}

async function put(router: CaddyRouter, table: RouteTable): Promise<void> {
  const receipt = await router.apply(table)
  expect(receipt).toMatchObject({ outcome: 'applied' })
  expect(await router.converge(receipt, { deadline: 20_000 })).toMatchObject({ converged: true })
}

function table(
  revision: number,
  weights: Readonly<Record<string, number>>,
  addresses: Readonly<Record<string, string>> = {},
): RouteTable {
  const pools = Object.entries(weights).map(([release, weight]) => {
    const instances = [{ id: `${release}-1`, address: addresses[release] ?? '127.0.0.1:9' }]
    return { release, weight, instances }
  })
  return { service: 'shop', revision, fence: 1, pools }
}

async function backend(release: string): Promise<string> {
  const started = await namedBackend(release)
  toEnd.push(() => started.close())
  return started.address
}
