import { once } from 'node:events'
import type { NodeRouter } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { backend, deadAddress, named, rawBackend } from './backends.ts'
import { ask, exchangeRaw, rawClient } from './clients.ts'
import { openRouter, routedShop, table } from './shop.ts'
import {
  closedSocket,
  collected,
  GOODBYE,
  MASKED_GOODBYE,
  textFrame,
  type UpgradeBackend,
  upgradeBackend,
  upgradedClient,
  upgradeHead,
} from './upgrade-backends.ts'

const CLIENT_GOODBYE = MASKED_GOODBYE
const echo = (): Promise<UpgradeBackend> =>
  upgradeBackend((socket, _request, head) => {
    socket.write(head)
    socket.pipe(socket)
  })

/** Takes everything and says nothing, not even goodbye. */
const mute = (): Promise<UpgradeBackend> =>
  upgradeBackend((socket) => socket.on('end', () => socket.end()).resume())

async function shopWith(
  address: string,
  options: Parameters<typeof openRouter>[0] = {},
): Promise<{ router: NodeRouter; url: string; leave: (to: string) => Promise<unknown> }> {
  const router = await routedShop({ releases: { v1: [address] } }, options)
  const leave = (to: string): Promise<unknown> =>
    router.apply(table({ releases: { v2: [to] }, revision: 2 }))
  return { router, url: router.url('shop'), leave }
}

const drain = (router: NodeRouter, deadline: number): ReturnType<NodeRouter['drain']> =>
  router.drain('shop', ['v1-1'], { deadline })

describe('an upgrade', () => {
  test('is passed on with its head, and bytes go both ways from then on', async () => {
    const ws = await echo()
    const { url } = await shopWith(ws.address)
    const client = await rawClient(url)
    client.socket.write(
      upgradeHead('WebSocket') + textFrame('early', true).toString('latin1'),
      'latin1',
    )
    const head = await client.until(/\r\n\r\n/)
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(head).toMatch(/\r\nUpgrade: websocket\r\n/)
    expect(head).toMatch(/\r\nConnection: Upgrade\r\n/)
    expect(head).toMatch(/\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
    await client.until(/early/)
    client.socket.write(textFrame('late', true))
    await client.until(/late/)
    expect(ws.requests[0]?.url).toBe('/socket?x')
    expect(ws.requests[0]?.headers).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'websocket',
      'x-forwarded-for': '127.0.0.1',
    })
  })

  test('is counted as long-lived until it ended, and takes no room from requests', async () => {
    const ws = await echo()
    const { router, url } = await shopWith(ws.address, { limits: { inFlight: 1 } })
    const client = await upgradedClient(url)
    expect(await drain(router, 1)).toMatchObject({ drained: false, inFlight: 1, longLived: 1 })
    expect((await ask(url)).body).toBe('plain')
    client.socket.end()
    await client.closed
    await closedSocket(ws.upgraded[0]!)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 2, bad: 0 } })
    const v2 = await named('v2')
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    expect(await drain(router, 1000)).toEqual({
      drained: true,
      inFlight: 0,
      longLived: 0,
      forced: 0,
    })
  })

  test('goes where its cookie leads', async () => {
    const [v1, v2] = [await echo(), await echo()]
    const router = await openRouter()
    await router.apply({
      ...table({ releases: { v1: [v1.address], v2: [v2.address] }, weights: { v2: 0 } }),
      rules: [{ release: 'v2', cookie: 'preview' }],
    })
    const client = await rawClient(router.url('shop'))
    client.socket.write(upgradeHead('websocket', 'Cookie: a=b; preview=1\r\n'))
    await client.until(/101/)
    await upgradedClient(router.url('shop'))
    expect([v1.upgraded.length, v2.upgraded.length]).toEqual([1, 1])
  })

  test('that its instance refuses is refused in its words', async () => {
    const picky = await backend((_request, response) => response.end())
    picky.server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno',
      )
    })
    const { router, url } = await shopWith(picky.address)
    const text = await exchangeRaw(url, upgradeHead())
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(text).toMatch(/\r\nSec-WebSocket-Version: 13\r\n/)
    expect(text).toMatch(/\r\n\r\nno$/)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 1, bad: 0 } })
  })

  test('with a long refusal is refused at the pace of its client', async () => {
    const big = await backend((_request, response) => response.end(Buffer.alloc(4_000_000, 'x')))
    big.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 4000000\r\n\r\n')
      socket.end(Buffer.alloc(4_000_000, 'x'))
    })
    const { url } = await shopWith(big.address)
    expect((await exchangeRaw(url, upgradeHead())).length).toBeGreaterThan(4_000_000)
  })

  test('goes elsewhere only if its instance was never reached; sent once, it is not sent again', async () => {
    const ws = await echo()
    const dying = await rawBackend(({ socket }) => socket.destroy())
    const dead = await deadAddress()
    const { url } = await shopWith(dying.address)
    expect(await exchangeRaw(url, upgradeHead())).toMatch(/^HTTP\/1\.1 502 /)
    expect(dying.heads).toHaveLength(1)
    const other = await routedShop({ releases: { v1: [dead, ws.address] } })
    for (let i = 0; i < 2; i++) await upgradedClient(other.url('shop'))
    expect(ws.upgraded).toHaveLength(2)
  })

  test('to a protocol that the client did not ask for is not passed on', async () => {
    const odd = await rawBackend(({ socket }) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n',
      )
    })
    const { url } = await shopWith(odd.address)
    expect(await exchangeRaw(url, upgradeHead())).toMatch(/^HTTP\/1\.1 502 /)
  })

  test('that is not answered in time gets 504, and nothing stays behind', async () => {
    const silent = await rawBackend(() => undefined)
    const { router, url } = await shopWith(silent.address, { timeouts: { answer: 50 } })
    expect(await exchangeRaw(url, upgradeHead())).toMatch(/^HTTP\/1\.1 504 /)
    await router.apply(table({ releases: {}, revision: 2 }))
    expect(await drain(router, 1000)).toMatchObject({ drained: true })
  })

  test('whose client leaves before it is answered takes its request with it', async () => {
    const silent = await rawBackend(() => undefined)
    const { router, url } = await shopWith(silent.address)
    const client = await rawClient(url)
    client.socket.write(upgradeHead())
    while (silent.heads.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const [upstream] = silent.sockets
    client.socket.destroy()
    await closedSocket(upstream!)
    expect(await drain(router, 20)).toMatchObject({ inFlight: 0 })
  })

  test('behind requests on its connection waits for their answers', async () => {
    const ws = await echo()
    const { url } = await shopWith(ws.address)
    const client = await rawClient(url)
    client.socket.write(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(3) + upgradeHead())
    const text = await client.until(/101 Switching/)
    expect(text.match(/plain|101 Switching/g)).toEqual(['plain', 'plain', 'plain', '101 Switching'])
  })

  test('beyond its limit gets 503', async () => {
    const ws = await echo()
    const { url } = await shopWith(ws.address, { upgrades: { max: 1 } })
    await upgradedClient(url)
    expect(await exchangeRaw(url, upgradeHead())).toMatch(/^HTTP\/1\.1 503 /)
    expect((await ask(url)).status).toBe(200)
  })

  test('to a protocol of an option’s is passed on as it is, each direction with an end of its own', async () => {
    const counting = await upgradeBackend((socket) => {
      let bytes = 0
      socket.on('data', (chunk) => (bytes += chunk.length))
      socket.on('end', () => socket.end(`got ${bytes}`))
    })
    const { url } = await shopWith(counting.address, { upgrades: { protocols: ['Chat/1'] } })
    const client = await upgradedClient(url, 'chat/1')
    client.socket.write(Buffer.alloc(3_000_000))
    client.socket.end()
    expect(await client.until(/got 3000000$/)).toMatch(/101/)
    expect(await client.closed).toBe('end')
    expect(
      await exchangeRaw(
        url,
        upgradeHead('websocket', '').replace('Upgrade\r\n', 'Upgrade, close\r\n'),
      ),
    ).toMatch(/plain$/)
  })

  test('holds a sender back that is faster than its reader', async () => {
    const ws = await upgradeBackend((socket) => socket.pause())
    const { url } = await shopWith(ws.address, { upgrades: { protocols: ['raw'] } })
    const client = await upgradedClient(url, 'raw')
    const chunk = Buffer.alloc(1_000_000)
    let sent = 0
    while (client.socket.write(chunk) || sent < 200_000_000) {
      sent += chunk.length
      const drained = once(client.socket, 'drain').then(() => true)
      const stuck = new Promise<boolean>((resolve) => setTimeout(resolve, 300, false))
      if (!(await Promise.race([drained, stuck]))) break
    }
    expect(sent).toBeLessThan(50_000_000)
    expect(ws.upgraded).toHaveLength(1)
  })

  test('breaks on both sides where one of them breaks', async () => {
    const ws = await echo()
    const { url } = await shopWith(ws.address)
    const one = await upgradedClient(url)
    one.socket.resetAndDestroy()
    await closedSocket(ws.upgraded[0]!)
    const other = await upgradedClient(url)
    ws.upgraded[1]!.resetAndDestroy()
    await other.closed
    expect(ws.upgraded).toHaveLength(2)
  })

  test('ends when nothing passed for as long as an option says, politely', async () => {
    const ws = await mute()
    const { url } = await shopWith(ws.address, { upgrades: { idle: 100, grace: 100 } })
    const client = await upgradedClient(url)
    await client.closed
    expect(client.text().endsWith(GOODBYE)).toBe(true)
  })
})

describe('a drain with upgraded connections', () => {
  test('says goodbye to the client between two frames, and lets its last words through', async () => {
    const ws = await upgradeBackend(() => undefined)
    const { router, url, leave } = await shopWith(ws.address)
    const client = await upgradedClient(url)
    const [instance] = ws.upgraded
    const heard = collected(instance!)
    const frame = textFrame('x'.repeat(1000), false)
    instance!.write(frame.subarray(0, 500))
    await client.until(/x{400}/)
    await leave((await named('v2')).address)
    const report = drain(router, 5000)
    instance!.write(frame.subarray(500))
    await client.until(/x{1000}/)
    const goodbye = await client.until(/\u0088/)
    expect(goodbye.endsWith(`${'x'.repeat(1000)}${GOODBYE}`)).toBe(true)
    const last = textFrame('my last words', true).toString('latin1')
    client.socket.write(last + CLIENT_GOODBYE, 'latin1')
    await client.closed
    expect(heard()).toBe(last + CLIENT_GOODBYE)
    instance!.end(Buffer.from(GOODBYE, 'latin1'))
    expect(await report).toEqual({ drained: true, inFlight: 0, longLived: 0, forced: 0 })
  })

  test('cuts those who do not part within the grace, and says how many', async () => {
    const ws = await mute()
    const { router, url, leave } = await shopWith(ws.address, { upgrades: { grace: 100 } })
    const clients = await Promise.all([1, 2, 3].map(async () => upgradedClient(url)))
    const heard = ws.upgraded.map((socket) => collected(socket))
    await leave((await named('v2')).address)
    expect(await drain(router, 10_000)).toEqual({
      drained: true,
      inFlight: 0,
      longLived: 0,
      forced: 3,
    })
    await Promise.all(clients.map(({ closed }) => closed))
    for (const { text } of clients) expect(text().endsWith(GOODBYE)).toBe(true)
    // The clients never answered, so the router spoke for them.
    for (const text of heard) expect(text()).toBe(MASKED_GOODBYE)
  })

  test('leaves those alone whose instance still gets requests', async () => {
    const ws = await echo()
    const { router, url } = await shopWith(ws.address)
    const client = await upgradedClient(url)
    expect(await drain(router, 50)).toMatchObject({ drained: false, longLived: 1, forced: 0 })
    client.socket.write(textFrame('still here', true))
    await client.until(/still here/)
    expect(client.text()).not.toContain(GOODBYE)
  })

  test('catches an upgrade that was on its way when it began', async () => {
    let accept: () => void = () => undefined
    const slow = await rawBackend(({ socket }) => {
      accept = () =>
        void socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        )
    })
    const { router, url, leave } = await shopWith(slow.address, { upgrades: { grace: 100 } })
    const client = await rawClient(url)
    client.socket.write(upgradeHead())
    while (slow.heads.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await leave((await named('v2')).address)
    const report = drain(router, 10_000)
    accept()
    expect(await report).toMatchObject({ drained: true, forced: 1 })
    expect(client.text().endsWith(GOODBYE)).toBe(true)
  })

  test('sends many away a few at a time', async () => {
    const ws = await upgradeBackend((socket) => {
      socket.on('data', () => socket.end(Buffer.from(GOODBYE, 'latin1')))
    })
    const { router, url, leave } = await shopWith(ws.address, {
      upgrades: { perSecond: 100, grace: '5s' },
    })
    const clients = await Promise.all(Array.from({ length: 40 }, () => upgradedClient(url)))
    const left: number[] = []
    for (const { socket } of clients)
      socket.once('data', () => {
        left.push(performance.now())
        socket.write(CLIENT_GOODBYE, 'latin1')
      })
    await leave((await named('v2')).address)
    expect(await drain(router, 20_000)).toMatchObject({ drained: true, forced: 0 })
    expect(left).toHaveLength(40)
    expect(left.at(-1)! - left[0]!).toBeGreaterThan(200)
  })

  test('waits for them where that is the policy', async () => {
    const ws = await echo()
    const { router, url, leave } = await shopWith(ws.address, { upgrades: { drain: 'wait' } })
    const client = await upgradedClient(url)
    await leave((await named('v2')).address)
    expect(await drain(router, 50)).toEqual({
      drained: false,
      inFlight: 1,
      longLived: 1,
      forced: 0,
    })
    const report = drain(router, 5000)
    client.socket.end()
    expect(await report).toMatchObject({ drained: true, longLived: 0 })
  })

  test('ends both directions of other protocols', async () => {
    const raw = await upgradeBackend((socket) => socket.on('end', () => socket.end()).resume())
    const { router, url, leave } = await shopWith(raw.address, { upgrades: { protocols: ['raw'] } })
    const client = await upgradedClient(url, 'raw')
    await leave((await named('v2')).address)
    expect(await drain(router, 5000)).toMatchObject({ drained: true, forced: 0 })
    expect(await client.closed).toBe('end')
  })

  test('does not hold the router’s close up', async () => {
    const ws = await mute()
    const { router, url } = await shopWith(ws.address, { timeouts: { close: 200 } })
    const client = await upgradedClient(url)
    await router.close()
    await client.closed
    expect(client.text().endsWith(GOODBYE)).toBe(true)
    await closedSocket(ws.upgraded[0]!)
  })
})
