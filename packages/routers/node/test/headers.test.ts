import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forwardedHeaders, passedTrailers, returnedHeaders, survey } from '../src/headers.ts'

const origin = {
  method: 'GET',
  address: '10.1.2.3',
  host: 'shop.example',
  secure: false,
  trusted: false,
}
const own = [
  'X-Forwarded-For',
  '10.1.2.3',
  'X-Forwarded-Proto',
  'http',
  'X-Forwarded-Host',
  'shop.example',
]

function forwarded(raw: readonly string[], method = 'GET'): string[] {
  return forwardedHeaders(raw, survey(raw), { ...origin, method })
}

function returned(raw: readonly string[]): string[] {
  const seen = survey(raw)
  return returnedHeaders(raw, seen, seen.framing)
}

describe('the headers for an instance', () => {
  test('are the client’s, in their order and spelling, and who it was', () => {
    const raw = ['Host', 'shop.example', 'accept', 'a/b', 'ACCEPT', 'c/d', 'Cookie', 'uid=1']
    expect(forwarded(raw)).toEqual([
      'Host',
      'shop.example',
      'accept',
      'a/b',
      'ACCEPT',
      'c/d',
      'Cookie',
      'uid=1',
      ...own,
    ])
  })

  test.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Upgrade',
    'Expect',
    'Forwarded',
    'HTTP2-Settings',
    'Proxy-Authorization',
    'X-Real-IP',
    'X-Forwarded-For',
    'x-forwarded-proto',
    'X-FORWARDED-HOST',
    'X-Forwarded-Port',
    'X_Forwarded_For',
    'X-Forwarded_Host',
    'X_Real_IP',
    'Proxy_Authorization',
  ])('are without %s', (name) => {
    expect(forwarded([name, 'spoofed'])).toEqual(['Host', 'shop.example', ...own])
  })

  test('are without those named in Connection, also where it comes last and twice', () => {
    const raw = [
      'X-Drop',
      '1',
      'X-Keep',
      '2',
      'X-Also',
      '3',
      'Connection',
      'x-drop',
      'connection',
      'close, X-ALSO',
    ]
    expect(forwarded(raw)).toEqual(['Host', 'shop.example', 'X-Keep', '2', ...own])
  })

  test('keep what frames the message and what the router says, whatever Connection names', () => {
    const raw = ['Connection', 'host, content-length, x-forwarded-for', 'Content-Length', '3']
    expect(forwarded(raw, 'POST')).toEqual(['Host', 'shop.example', 'Content-Length', '3', ...own])
  })

  test('announce a chunked body once', () => {
    const raw = ['Transfer-Encoding', 'Chunked', 'Trailer', 'X-Sum']
    expect(forwarded(raw, 'POST')).toEqual([
      'Host',
      'shop.example',
      'Trailer',
      'X-Sum',
      'Transfer-Encoding',
      'chunked',
      ...own,
    ])
  })

  test.each(['POST', 'PUT', 'PATCH'])('say of a %s without a body that there is none', (method) => {
    expect(forwarded([], method)).toContain('Content-Length')
    expect(forwarded([], 'GET')).not.toContain('Content-Length')
  })

  test('have one Host, no hop-by-hop header and no claim of the client, whatever it sends', () => {
    const name = fc.constantFrom(
      'Host',
      'Connection',
      'X-Forwarded-For',
      'x_forwarded_for',
      'Upgrade',
      'TE',
      'X-A',
      'X-B',
      'Content-Length',
      'Transfer-Encoding',
      'Trailer',
      'Proxy-Authorization',
      'Keep-Alive',
    )
    const value = fc.constantFrom('chunked', 'x-a', 'host', 'close, X-B', '5', 'spoofed')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const sent = forwarded(pairs.flat())
        const names = sent.filter((_, i) => i % 2 === 0).map((text) => text.toLowerCase())
        const times = (wanted: string): number => names.filter((one) => one === wanted).length
        expect(times('host')).toBe(1)
        expect(times('x-forwarded-for')).toBe(1)
        expect(times('transfer-encoding')).toBeLessThanOrEqual(1)
        expect(times('transfer-encoding') > 0 && times('content-length') > 0).toBe(false)
        for (const gone of [
          'connection',
          'upgrade',
          'te',
          'keep-alive',
          'proxy-authorization',
          'x_forwarded_for',
        ])
          expect(names).not.toContain(gone)
      }),
    )
  })
})

describe('the headers for a client', () => {
  test('are the instance’s, duplicates and all, without those of its own connection', () => {
    const raw = [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Secret',
      's',
      'Keep-Alive',
      'timeout=5',
      'Content-Length',
      '2',
      'Connection',
      'keep-alive, X-Secret',
      'Proxy-Authenticate',
      'Basic',
    ]
    expect(returned(raw)).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '2'])
  })

  test('announce trailers only where the body goes on in chunks', () => {
    const raw = ['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum']
    expect(returned(raw)).toEqual(['Trailer', 'X-Sum'])
    expect(returnedHeaders(raw, survey(raw), 'none')).toEqual([])
  })

  test('tell how long the instance keeps an idle connection', () => {
    expect(survey(['Keep-Alive', 'max=100, timeout=7']).idleSeconds).toBe(7)
    expect(survey(['Keep-Alive', 'max=100']).idleSeconds).toBeUndefined()
  })
})

describe('trailers', () => {
  test('are passed on without those that would change what was read already', () => {
    const raw = [
      'X-Sum',
      '1',
      'Content-Length',
      '9',
      'Transfer-Encoding',
      'x',
      'Authorization',
      'y',
      'X-Forwarded-For',
      'z',
    ]
    expect(passedTrailers(raw)).toEqual([['X-Sum', '1']])
  })
})
