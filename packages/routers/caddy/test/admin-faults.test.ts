import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { RouteTable } from '@changeover/engine'
import { afterEach, describe, expect, it } from 'vitest'
import { caddyRouter } from '../src/index.ts'
import { table, wholeState } from './states.ts'

const next: RouteTable = { ...table(), revision: 2 }
const toEnd: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

/** What a fake admin endpoint answers to `GET /id/shop` at first; a table with revision 1 is in force. */
const inForce = JSON.stringify({ '@id': 'shop', handle: wholeState(table()).handle })

describe('A change', () => {
  it.each<[string, RequestListener, string]>([
    ['that Caddy says yes to and does not make', (_, answer) => answer.end(), 'rejected'],
    ['that Caddy refuses', (_, answer) => answer.writeHead(500).end('{"error":"no"}'), 'rejected'],
    [
      'that is sent elsewhere',
      (_, answer) => answer.writeHead(302, { location: '/' }).end(),
      'rejected',
    ],
    ['whose answer breaks off each time', (request) => request.socket.destroy(), 'indeterminate'],
    [
      'that somebody is always faster than',
      (_, answer) => answer.writeHead(412).end(),
      'indeterminate',
    ],
  ])('%s is told as what it is', async (_, change, outcome) => {
    const { router } = await fake((request, answer) =>
      request.method === 'GET' ? answer.end(inForce) : change(request, answer),
    )
    const receipt = await router.apply(next)
    expect(receipt).toMatchObject({ outcome, reason: expect.any(String) })
    const proof = await router.converge(receipt, { deadline: 50 })
    expect(proof.converged).toBe(false)
  })

  it('that was made although its answer broke off is applied', async () => {
    let written = ''
    const { router, calls } = await fake((request, answer) => {
      if (request.method === 'GET') return void answer.end(written === '' ? inForce : written)
      request.on('data', (part: Buffer) => (written += part.toString()))
      request.on('end', () => {
        written = `{"@id":"shop","handle":${written}}`
        request.socket.destroy()
      })
    })
    expect((await router.apply(next)).outcome).toBe('applied')
    expect(calls.filter((call) => call.startsWith('PATCH'))).toHaveLength(1)
  })

  it('is sent for the state that was read, by its ETag from the trailer', async () => {
    const seen: (string | undefined)[] = []
    const { router } = await fake((request, answer) => {
      if (request.method === 'GET') {
        answer.writeHead(200, { trailer: 'ETag' })
        answer.write(inForce)
        answer.addTrailers({ ETag: '"/config/x 1f"' })
        return void answer.end()
      }
      seen.push(request.headers['if-match'])
      answer.writeHead(500).end()
    })
    await router.apply(next)
    expect(seen).toEqual(['"/config/x 1f"'])
  })

  it('is not sent to a Caddy that cannot be asked', async () => {
    const router = caddyRouter({ admin: 'http://127.0.0.1:1', services: { shop: { id: 'shop' } } })
    expect(await router.apply(next)).toMatchObject({ outcome: 'unreachable' })
    await expect(router.observe('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_CADDY_UNREACHABLE',
    })
    await expect(router.probe()).rejects.toMatchObject({ code: 'CHANGEOVER_CADDY_UNREACHABLE' })
    await router.close()
  })

  it('is not sent where what answers is no Caddy', async () => {
    for (const body of ['<html>', '[]', '{"@id":"other"}', 'x'.repeat(2 ** 20)]) {
      const { router, calls } = await fake((_, answer) => answer.end(body))
      expect(await router.apply(next)).toMatchObject({ outcome: 'indeterminate' })
      await expect(router.observe('shop')).rejects.toMatchObject({
        code: 'CHANGEOVER_CADDY_REPLY_INVALID',
      })
      expect(calls.every((call) => call.startsWith('GET'))).toBe(true)
    }
  })

  it('that is not answered in time, or whose answer does not end, is given up', async () => {
    const silent = await fake((request, answer) => {
      if (request.method === 'GET') answer.end(inForce)
    }, 1_000)
    expect(await silent.router.apply(next)).toMatchObject({ outcome: 'indeterminate' })
    expect(silent.calls.filter((call) => call.startsWith('PATCH'))).toHaveLength(1)
    const endless = await fake((_, answer) => void answer.write('{"@id":'), 100)
    expect(await endless.router.apply(next)).toMatchObject({ outcome: 'unreachable' })
  })

  it('for a service that it was not told of is rejected, and nothing is sent', async () => {
    const { router, calls } = await fake((_, answer) => answer.end())
    expect(await router.apply({ ...next, service: 'blog' })).toMatchObject({ outcome: 'rejected' })
    await expect(router.drain('blog', [], { deadline: 0 })).rejects.toMatchObject({
      code: 'CHANGEOVER_CADDY_SERVICE_UNKNOWN',
    })
    expect(calls).toEqual([])
  })
})

describe('A drain', () => {
  it('that Caddy does not answer at its end tells the requests that were counted before', async () => {
    let looks = 0
    const left = [{ id: 'b-1', address: 'b:1' }]
    const route = JSON.stringify({ '@id': 'shop', handle: wholeState(table(), left).handle })
    const { router } = await fake((request, answer) => {
      if (request.url === '/reverse_proxy/upstreams')
        return void answer.end('[{"address":"b:1","num_requests":3}]')
      if (request.url !== '/id/shop') return void answer.writeHead(404).end()
      looks += 1
      return looks > 1 ? void answer.writeHead(500).end() : void answer.end(route)
    })
    const report = await router.drain('shop', ['b-1'], { deadline: 400 })
    expect(looks).toBeGreaterThan(1)
    expect(report).toMatchObject({ drained: false, inFlight: 3 })
  })
})

describe('Options are refused before anything is sent', () => {
  it.each([
    ['an endpoint that is none', { admin: 'ftp://x' }, 'admin'],
    ['an endpoint with a path', { admin: 'http://127.0.0.1:2019/config' }, 'admin'],
    ['no service', { services: {} }, 'services'],
    ['a name that is no id', { services: { 'a/b': {} } }, 'services.a/b.id'],
    ['two services of one id', { services: { a: { id: 'x' }, b: { id: 'x' } } }, 'services.b.id'],
    [
      'a path for a server',
      { services: { a: { create: { server: '../x' } } } },
      'services.a.create.server',
    ],
    [
      'a field of the adapter',
      { services: { a: { proxy: { upstreams: [] } } } },
      'services.a.proxy',
    ],
    ['a url that is none', { services: { a: { url: 'shop' } } }, 'services.a.url'],
    ['an unknown one', { services: { a: {} }, speed: 1 }, 'speed'],
    ['no time', { services: { a: {} }, timeout: 0 }, 'timeout'],
    ['a header in two lines', { services: { a: {} }, origin: 'a\r\nb' }, 'origin'],
  ])('%s', (_, options, field) => {
    const make = () => caddyRouter({ services: { a: {} }, ...options })
    expect(make).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        message: expect.stringContaining(field),
      }),
    )
  })
})

async function fake(listener: RequestListener, timeout = 10_000) {
  const calls: string[] = []
  const server = createServer((request, answer) => {
    calls.push(`${request.method} ${request.url}`)
    listener(request, answer)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const router = caddyRouter({
    admin: `http://127.0.0.1:${port}`,
    services: { shop: { id: 'shop' } },
    timeout,
  })
  toEnd.push(async () => {
    await router.close()
    server.closeAllConnections()
    server.close()
  })
  return { router, calls }
}
