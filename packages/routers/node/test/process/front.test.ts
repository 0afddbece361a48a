import { once } from 'node:events'
import { connect } from 'node:tls'
import type { NodeRouterProcess } from '@changeover/router-node'
import { describe, expect, it } from 'vitest'
import { isOutdated } from '../../src/process/identities.ts'
import { named } from '../backends.ts'
import { identity } from '../certificates.ts'
import { ask } from '../clients.ts'
import { table } from '../shop.ts'
import { adapter, news, routerDirectory } from './bench.ts'

describe('The front of a router process', () => {
  it('holds requests and lets them go by order of an adapter, and tells of copies', async () => {
    const router = adapter(routerDirectory())
    const { shop = '' } = await router.listen()
    const [v1, v2] = [await named('v1'), await named('v2')]
    const releases = { v1: [v1.address], v2: [v2.address] }
    const mirrored = table({ releases, weights: { v2: 0 } })
    await router.apply({ ...mirrored, mirror: { release: 'v2', weight: 10_000 } })
    await router.hold('shop', { limit: 1 })
    const answer = ask(shop)
    // Whoever is refused came after the one who waits.
    while ((await ask(shop)).status !== 503);
    expect(v1.requests).toEqual([])
    expect(await router.release('shop')).toBe(1)
    expect((await answer).body).toBe('v1')
    expect(await router.copies('shop')).toEqual({ sent: 1, dropped: 0 })
    const code = 'CHANGEOVER_OPTION_INVALID'
    await expect(router.hold('shop', { limit: -1 })).rejects.toMatchObject({ code })
    await router.shutdown()
  })

  it('takes the certificates of the adapter that comes last, and keeps them through a crash', async () => {
    const directory = routerDirectory()
    const first = secure(directory, 'a')
    const { shop = '' } = await first.listen()
    expect(await certificateOf(shop)).toBe('shop-a')
    const second = secure(directory, 'b')
    await second.listen()
    expect(second.pid(), 'the same process').toBe(first.pid())
    expect(await certificateOf(shop)).toBe('shop-b')
    await second.close()
    await first.renewTls('shop', identity('b'))
    const heard = news(first)
    process.kill(first.pid() ?? 0, 'SIGKILL')
    await heard.until(/serves the last tables again/)
    expect(await certificateOf(shop)).toBe('shop-b')
    await first.shutdown()
  })

  it('is never given an older certificate than it has', () => {
    const mark = (hash: string, since: number) => ({ hash, since })
    expect(isOutdated(mark('a', 2), mark('b', 3))).toBe(true)
    expect(isOutdated(mark('a', 2), mark('b', 2))).toBe(true)
    expect(isOutdated(mark('a', 2), mark('b', 1))).toBe(false)
    expect(isOutdated(mark('a', 2), mark('a', 2))).toBe(false)
    expect(isOutdated(undefined, mark('a', 2))).toBe(false)
  })
})

function secure(directory: string, name: 'a' | 'b'): NodeRouterProcess {
  return adapter(directory, { listeners: { shop: { port: 0, tls: identity(name) } } })
}

/** The common name that a new connection is shown. */
async function certificateOf(url: string): Promise<string> {
  const ca = [identity('a').cert, identity('b').cert]
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}
