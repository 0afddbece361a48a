import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { trustedPeers } from '../src/trusted-peers.ts'
import { backend } from './backends.ts'
import { ask } from './clients.ts'
import { routedShop } from './shop.ts'

const CLAIMS = {
  Host: 'inner.example',
  'X-Forwarded-For': '203.0.113.7, 10.1.2.3',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'shop.example',
  'X-Forwarded-Port': '443',
  X_Forwarded_For: '6.6.6.6',
  Forwarded: 'for=6.6.6.6',
  'X-Real-IP': '6.6.6.6',
}

async function heard(trustProxy: readonly string[], claims: object = CLAIMS): Promise<object> {
  const echo = await backend((request, response) => response.end(JSON.stringify(request.headers)))
  const router = await routedShop({ releases: { v1: [echo.address] } }, { trustProxy })
  const headers = { ...claims } as Record<string, string>
  const { connection: _, ...rest } = JSON.parse((await ask(router.url('shop'), { headers })).body)
  return rest as object
}

describe('a proxy that is trusted', () => {
  test('is believed about its client, and added to the chain', async () => {
    expect(await heard(['10.0.0.0/8', '127.0.0.1'])).toEqual({
      host: 'inner.example',
      'x-forwarded-for': '203.0.113.7, 10.1.2.3, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-port': '443',
    })
  })

  test('that says nothing gets what the router sees', async () => {
    expect(await heard(['127.0.0.0/8'], { Host: 'a', 'X-Forwarded-For': '' })).toEqual({
      host: 'a',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a',
    })
  })
})

describe('anybody else', () => {
  test('is not believed', async () => {
    expect(await heard(['10.0.0.0/8', '::1'])).toEqual({
      host: 'inner.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'inner.example',
    })
  })
})

describe('a list of trusted proxies', () => {
  test('knows addresses and networks of both families', () => {
    const trusts = trustedPeers(['10.0.0.0/8', '192.168.1.1', 'fd00::/8', '::1'])
    expect(['10.255.0.1', '192.168.1.1', 'fd12::1', '::1'].map((one) => trusts?.(one))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(
      ['11.0.0.1', '192.168.1.2', 'fe80::1', '::2', '', 'x'].map((one) => trusts?.(one)),
    ).toEqual([false, false, false, false, false, false])
  })

  test.each(['10.0.0.0/33', '::/129', '10.0.0', 'localhost', '10.0.0.1/', '/8', ' 10.0.0.1', ''])(
    'with %j in it is none',
    (entry) => expect(trustedPeers(['10.0.0.1', entry])).toBeUndefined(),
  )

  test('trusts what a network of its bits holds, and nothing else', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    const address = fc.tuple(byte, byte, byte, byte)
    const number = (bytes: readonly number[]): number =>
      bytes.reduce((sum, one) => sum * 256 + one, 0)
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 32 }), (net, peer, bits) => {
        const size = 2 ** (32 - bits)
        const inside = Math.floor(number(net) / size) === Math.floor(number(peer) / size)
        expect(trustedPeers([`${net.join('.')}/${bits}`])?.(peer.join('.'))).toBe(inside)
      }),
    )
  })
})
