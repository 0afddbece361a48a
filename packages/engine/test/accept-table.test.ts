import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptRouteTable, staleTable } from '../src/accept-table.ts'
import { formatAddress, parseAddress } from '../src/address.ts'
import type { RouteTable } from '../src/route-table.ts'

describe('an address', () => {
  test.each([
    ['127.0.0.1:3000', { host: '127.0.0.1', port: 3000 }],
    ['shop-1.internal:80', { host: 'shop-1.internal', port: 80 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ])('%s is taken apart', (text, parsed) => {
    expect(parseAddress(text)).toEqual(parsed)
  })

  test.each([
    '',
    'shop',
    ':80',
    'shop:',
    'shop:0',
    'shop:65536',
    '::1:80',
    'http://a:80',
    'a/b:80',
    'u@a:80',
    'a b:80',
    'a;b:80',
    'a$b:80',
    'a\n:80',
    '[1]:80',
    '-a:80',
  ])('"%s" is none', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  test('that is taken apart can be put together again, and means nothing in any configuration', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.nat(70_000), (host, port) => {
        const parsed = parseAddress(`${host}:${port}`)
        if (parsed === undefined) return
        expect(formatAddress(parsed)).toBe(`${host}:${port}`)
        expect(formatAddress(parsed)).toMatch(/^[0-9A-Za-z.:[\]_-]+$/)
      }),
    )
  })
})

const table: RouteTable = {
  service: 'shop',
  revision: 3,
  fence: 2,
  pools: [{ release: 'v1', weight: 10_000, instances: [{ id: 'a', address: '127.0.0.1:1' }] }],
}

describe('a route table', () => {
  test('is taken as a frozen copy', () => {
    const accepted = acceptRouteTable(table, {})
    expect(accepted).toEqual(table)
    expect(accepted).not.toBe(table)
    expect(Object.isFrozen(accepted.pools[0]?.instances[0])).toBe(true)
  })

  const misfits: readonly (readonly [Partial<RouteTable>, string])[] = [
    [{ revision: 1.5 }, 'CHANGEOVER_ROUTER_TABLE_INVALID'],
    [{ fence: Number.NaN }, 'CHANGEOVER_ROUTER_TABLE_INVALID'],
    [{ pools: [poolAt('a b:1')] }, 'CHANGEOVER_ROUTER_TABLE_INVALID'],
    [{ pools: [{ ...poolAt('a:1'), weight: 9_999 }] }, 'CHANGEOVER_WEIGHTS_INVALID'],
    [{ rules: [{ release: 'v1', header: 'x' }] }, 'CHANGEOVER_ROUTER_NOT_REPRESENTABLE'],
    [{ mirror: { release: 'v1', weight: 10 } }, 'CHANGEOVER_ROUTER_NOT_REPRESENTABLE'],
  ]
  test.each(misfits)('with %j is refused', (change, code) => {
    expect(() => acceptRouteTable({ ...table, ...change }, {})).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test('is stale where the one in force is of a newer fence or revision, or another of the same', () => {
    expect(staleTable(undefined, table)).toBeUndefined()
    expect(staleTable(table, table)).toBeUndefined()
    expect(staleTable(table, { ...table, revision: 4 })).toBeUndefined()
    expect(staleTable(table, { ...table, revision: 2 })).toContain('revision 2 is older')
    expect(staleTable(table, { ...table, revision: 4, fence: 1 })).toContain('fence 1 is older')
    expect(staleTable(table, { ...table, pools: [poolAt('b:1')] })).toContain('other routes')
  })
})

function poolAt(address: string): RouteTable['pools'][number] {
  return { release: 'v1', weight: 10_000, instances: [{ id: 'a', address }] }
}
