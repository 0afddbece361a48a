import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  nodeRouter,
  type NodeRouter,
  type NodeRouterOptions,
  type TlsOptions,
} from '@changeover/router-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backend } from './backends.ts'
import { identity } from './certificates.ts'
import { routedShop } from './shop.ts'
import { textFrame, upgradeBackend, upgradeHead } from './upgrade-backends.ts'

async function secureShop(
  address: string,
  tls: Partial<TlsOptions> = {},
  options: Partial<NodeRouterOptions> = {},
): Promise<NodeRouter> {
  return routedShop(
    { releases: { v1: [address] } },
    { listeners: { shop: { port: 0, tls: { ...identity('a'), ...tls } } }, ...options },
  )
}

async function secureSocket(url: string, protocols: string[] = ['http/1.1']): Promise<TLSSocket> {
  const socket = connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    ca: [identity('a').cert, identity('b').cert],
    ALPNProtocols: protocols,
  })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

async function until(socket: TLSSocket, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1')
    if (pattern.test(text)) return text
  }
  throw new Error(`closed after ${text}`)
}

describe('a listener with a certificate', () => {
  test('serves HTTPS, and tells the instance so', async () => {
    const echo = await backend((incoming, response) =>
      response.end(JSON.stringify(incoming.headers)),
    )
    const router = await secureShop(echo.address)
    expect(router.url('shop')).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const sent = request(router.url('shop'), { ca: identity('a').cert, agent: false }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of answer) body += String(chunk)
    expect(JSON.parse(body)).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    })
  })

  test('speaks HTTP/2 with who can, and not where an option says so', async () => {
    const { address } = await backend((_request, response) => response.end('v1'))
    const [both, one] = [await secureShop(address), await secureShop(address, { http2: false })]
    const chosen = async (router: NodeRouter, protocols: string[]): Promise<unknown> =>
      (await secureSocket(router.url('shop'), protocols)).alpnProtocol
    expect(await chosen(both, ['h2', 'http/1.1'])).toBe('h2')
    expect(await chosen(both, ['http/1.1'])).toBe('http/1.1')
    expect(await chosen(one, ['h2', 'http/1.1'])).toBe('http/1.1')
  })

  test('passes upgrades on', async () => {
    const ws = await upgradeBackend((socket) => socket.pipe(socket))
    const router = await secureShop(ws.address)
    const socket = await secureSocket(router.url('shop'))
    socket.write(upgradeHead())
    await until(socket, /101 Switching/)
    socket.write(textFrame('hello', true))
    await until(socket, /hello/)
    expect(ws.requests[0]?.headers['x-forwarded-proto']).toBe('https')
  })

  test('takes a new certificate for new connections, while those that there are go on', async () => {
    const { address } = await backend((_request, response) => response.end('v1'))
    const router = await secureShop(address)
    const old = await secureSocket(router.url('shop'))
    await router.renewTls('shop', identity('b'))
    const young = await secureSocket(router.url('shop'))
    expect(old.getPeerCertificate().subject.CN).toBe('shop-a')
    expect(young.getPeerCertificate().subject.CN).toBe('shop-b')
    for (const socket of [old, young]) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(await until(socket, /v1$/)).toMatch(/ 200 OK/)
    }
  })

  test('keeps the certificate that it has where the new one is none', async () => {
    const { address } = await backend((_request, response) => response.end('v1'))
    const router = await secureShop(address)
    const mixed = { key: identity('a').key, cert: identity('b').cert }
    await expect(router.renewTls('shop', mixed)).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_TLS_INVALID',
    })
    await expect(router.renewTls('shop', { key: 'k', cert: 'c' })).rejects.toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      message: expect.not.stringContaining('"k"'),
    })
    const socket = await secureSocket(router.url('shop'))
    expect(socket.getPeerCertificate().subject.CN).toBe('shop-a')
    const plain = await routedShop({ releases: { v1: [address] } })
    await expect(plain.renewTls('shop', identity('b'))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_TLS_INVALID',
    })
    const early = nodeRouter({ listeners: { shop: { port: 0, tls: identity('a') } } })
    await expect(early.renewTls('shop', identity('b'))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_NOT_LISTENING',
    })
  })

  test('refuses a key of another certificate before it opens a port, and shows no key', () => {
    const listeners = (tls: unknown): NodeRouterOptions => ({
      listeners: { shop: { port: 0, ...Object({ tls }) } },
    })
    const mixed = { key: identity('a').key, cert: identity('b').cert }
    expect(() => nodeRouter(listeners(mixed))).toThrow(/^The key and the certificate of "shop"/)
    expect(() => nodeRouter(listeners({ key: 'secret', cert: '' }))).toThrow(
      /listeners\.shop\.tls\.key/,
    )
    expect(() => nodeRouter(listeners({ key: 'secret', cert: '' }))).not.toThrow(/secret/)
    expect(() => nodeRouter(listeners({ ...identity('a'), htpp2: true }))).toThrow(/htpp2/)
  })

  test('neither waits for a handshake that never comes, nor is held up by it', async () => {
    const { address } = await backend((_request, response) => response.end('v1'))
    const router = await secureShop(address, {}, { timeouts: { head: 100, close: '20s' } })
    const open = async (): Promise<ReturnType<typeof connectTcp>> => {
      const socket = connectTcp(Number(new URL(router.url('shop')).port), '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => undefined).resume()
      await once(socket, 'connect')
      return socket
    }
    const slow = await open()
    await once(slow, 'close')
    const late = await open()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await Promise.all([router.close(), once(late, 'close')])
    expect([slow.bytesRead, late.bytesRead]).toEqual([0, 0])
  })

  test('answers who speaks no TLS with a closed connection, and goes on', async () => {
    const { address } = await backend((_request, response) => response.end('v1'))
    const router = await secureShop(address)
    const socket = connectTcp(Number(new URL(router.url('shop')).port), '127.0.0.1')
    socket.on('error', () => undefined).resume()
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'close')
    const secure = await secureSocket(router.url('shop'))
    secure.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await until(secure, /v1$/)).toMatch(/ 200 OK/)
  })
})

describe('a router with all of its front in use', () => {
  test('leaves nothing that would keep a process from ending when it closed', async () => {
    const script = fileURLToPath(new URL('fixtures/open-and-close-front.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 })
    expect(stdout).toBe('v1 101 503')
  })
})
