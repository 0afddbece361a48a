import type { RouteTable } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { caddyConfig } from '../src/caddy-config.ts'
import { decideChange } from '../src/change.ts'
import { driftOf, newsOf } from '../src/drift.ts'
import { routeState } from '../src/route-state.ts'
import { table, wholeState } from './states.ts'

/** Halves of characters too. */
const texts = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units))
const service = { id: 'shop', create: undefined, proxy: {} }

describe('The configuration of a table', () => {
  it('answers probes first, then goes by the rules in their order, then by weight', () => {
    const rules = [
      { release: 'a', header: 'X-Preview', value: 'yes' },
      { release: 'a', cookie: 'preview' },
    ]
    const routes = routesOf({ ...table(), rules })
    expect(routes.map(({ match }) => Object.keys(match?.[0] ?? {}))).toEqual([
      ['header'],
      ['header_regexp'],
      ['header_regexp'],
      [],
    ])
    expect(routes.slice(0, -1).every(({ terminal }) => terminal)).toBe(true)
  })

  it('answers with 503 where the table has no pool', () => {
    expect(routesOf({ ...table(), pools: [] }).at(-1)?.handle).toMatchObject([{ status_code: 503 }])
  })

  it('holds no text of a table but where it means itself, and gives the table back', () => {
    fc.assert(
      fc.property(texts, texts, (text, value) => {
        const pools = [{ release: text, weight: 10_000, instances: [{ id: text, address: 'a:1' }] }]
        const odd = { ...table(), pools, rules: [{ release: text, header: 'x', value }] }
        const routes = routesOf(odd)
        expect(routes).toHaveLength(3)
        expect(routes.map(({ handle }) => handle[0]?.handler)).toEqual([
          'static_response',
          'reverse_proxy',
          'reverse_proxy',
        ])
        expect(wholeState(odd).kept.table).toEqual(odd)
        expect(JSON.stringify(routes[0])).toMatch(/^[ -~]*$/)
      }),
    )
  })
})

describe('The change that a table needs', () => {
  const state = wholeState(table())

  it('is none where it is in force as it is', () => {
    expect(decideChange({ table: table(), service, state, inFlight: undefined }).kind).toBe('none')
  })

  it.each([
    ['an older fence', { fence: 0, revision: 2 }],
    ['an older revision', { revision: 0 }],
    ['other routes under its revision', { pools: [] }],
  ])('is refused for %s', (_, change) => {
    const next = { ...table(), ...change }
    expect(decideChange({ table: next, service, state, inFlight: undefined }).kind).toBe('reject')
  })

  it('keeps who left and has requests, and who leaves now; nobody else', () => {
    const left = [
      { id: 'b-1', address: 'b:1' },
      { id: 'c-1', address: 'c:1' },
    ]
    const before = wholeState(table(), left)
    const next = { ...table(), revision: 2, pools: [] }
    const inFlight = new Map([
      ['b:1', 0],
      ['c:1', 2],
    ])
    const change = decideChange({ table: next, service, state: before, inFlight })
    const handle: unknown = JSON.parse(change.kind === 'write' ? (change.call.body ?? '') : '')
    const body = JSON.stringify({ '@id': 'shop', handle })
    const after = routeState('shop', { kind: 'answer', status: 200, body, etag: undefined })
    expect(after.kind === 'route' && after.kept?.left.map(({ id }) => id)).toEqual(['c-1', 'a-1'])
  })

  it('is asked for a state that is still the one that was read', () => {
    const next = { ...table(), revision: 2, pools: [] }
    const change = decideChange({ table: next, service, state, inFlight: undefined })
    expect(change).toMatchObject({
      call: { method: 'PATCH', path: '/id/shop/handle', ifMatch: '"e"' },
    })
  })
})

describe('What is told of a state', () => {
  const state = wholeState(table())

  it('is nothing where it is whole, and what happened where it is not', () => {
    expect(driftOf(state, 1)).toEqual([])
    expect(driftOf({ ...state, whole: false }, 1)).toHaveLength(1)
    expect(driftOf({ kind: 'missing' }, 1)).toHaveLength(1)
    expect(driftOf({ kind: 'missing' }, 0)).toEqual([])
  })

  it('is news where somebody else put another table in force', () => {
    const other = wholeState({ ...table(), revision: 5 })
    expect(newsOf(state.kept, other, 1)).toEqual([expect.stringContaining('table 5')])
    expect(newsOf(state.kept, other, 5)).toEqual([])
    expect(newsOf(state.kept, state, 1)).toEqual([])
  })
})

interface Route {
  readonly match?: readonly object[]
  readonly handle: readonly { readonly handler: string }[]
  readonly terminal?: boolean
}

function routesOf(table: RouteTable): readonly Route[] {
  const [subroute] = caddyConfig({ id: 'shop', table }) as unknown as { routes: Route[] }[]
  return subroute?.routes ?? []
}
