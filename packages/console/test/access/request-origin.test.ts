import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sessionCookie, setCookie } from '../../src/access/cookies.ts'
import { createRateLimit, networkOf } from '../../src/access/rate-limit.ts'
import { checkOrigin } from '../../src/access/request-origin.ts'
import { ConsoleError } from '../../src/console-error.ts'

const ok = 'ok'
const host = 'CHANGEOVER_CONSOLE_HOST'
const origin = 'CHANGEOVER_CONSOLE_ORIGIN'
const origins = new Set(['https://deploys.example.com', 'http://10.1.2.3:7070'])

describe('The host that a request asks for', () => {
  it.each([
    ['127.0.0.1:7070', ok],
    ['127.8.9.1', ok],
    ['LOCALHOST:1', ok],
    ['console.localhost:80', ok],
    ['[::1]:7070', ok],
    ['deploys.example.com', ok],
    ['Deploys.Example.com:443', ok],
    ['10.1.2.3:7070', ok],
    ['10.1.2.3', host],
    ['deploys.example.com:80', host],
    ['deploys.example.com.evil.net', host],
    ['evil.net', host],
    ['evil.net:7070', host],
    ['127.0.0.1.evil.net', host],
    ['localhost.evil.net', host],
    ['127.0.0.1@evil.net', host],
    ['evil.net#localhost', host],
    ['0.0.0.0:7070', host],
    ['169.254.1.1', host],
    ['', host],
    [undefined, host],
  ])('may be %s: %s', (name, expected) => {
    expect(told('GET', name === undefined ? {} : { host: name })).toBe(expected)
  })
})

describe('The page that a request comes from', () => {
  const at = { host: '127.0.0.1:7070' }
  const outside = { host: 'deploys.example.com' }
  it.each<[string, string, object, string]>([
    ['none, as with curl', 'POST', at, ok],
    ['ours on loopback', 'POST', { ...at, origin: 'http://127.0.0.1:7070' }, ok],
    ['ours on loopback with TLS', 'POST', { ...at, origin: 'https://127.0.0.1:7070' }, ok],
    ['a configured one', 'POST', { ...outside, origin: 'https://deploys.example.com' }, ok],
    [
      'a configured one, the proxy changes the host',
      'POST',
      { ...at, origin: 'https://deploys.example.com' },
      ok,
    ],
    ['the same without TLS', 'POST', { ...outside, origin: 'http://deploys.example.com' }, origin],
    ['another port', 'POST', { ...at, origin: 'http://127.0.0.1:7071' }, origin],
    ['another name of loopback', 'POST', { ...at, origin: 'http://localhost:7070' }, origin],
    ['elsewhere', 'POST', { ...at, origin: 'https://evil.net' }, origin],
    ['elsewhere, only to look', 'GET', { ...at, origin: 'https://evil.net' }, origin],
    ['a frame in a sandbox', 'POST', { ...at, origin: 'null' }, origin],
    ['nothing', 'POST', { ...at, origin: '' }, origin],
    ['two', 'POST', { ...at, origin: 'http://127.0.0.1:7070, https://evil.net' }, origin],
    ['ours, says the browser', 'POST', { ...at, 'sec-fetch-site': 'same-origin' }, ok],
    ['elsewhere, says the browser', 'POST', { ...at, 'sec-fetch-site': 'cross-site' }, origin],
    ['our neighbour, says the browser', 'GET', { ...at, 'sec-fetch-site': 'same-site' }, origin],
    [
      'an image elsewhere',
      'GET',
      { ...at, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      origin,
    ],
    [
      'a link elsewhere',
      'GET',
      { ...at, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      ok,
    ],
    [
      'a form elsewhere',
      'POST',
      { ...at, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      origin,
    ],
    [
      'an address typed',
      'GET',
      { ...at, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
      ok,
    ],
    ['no browser would', 'DELETE', { ...at, 'sec-fetch-site': 'none' }, origin],
  ])('may be %s', (_, method, headers, expected) => {
    expect(told(method, headers)).toBe(expected)
  })

  it('is refused with a code, whatever it is', () => {
    const text = fc.string({ unit: 'binary' })
    const url = fc.oneof(fc.webUrl(), fc.webAuthority(), text)
    fc.assert(
      fc.property(text, url, url, text, text, (method, host, origin, site, mode) => {
        const headers = { host, origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode }
        expect(told(method, headers)).toMatch(/^CHANGEOVER_CONSOLE_(?:HOST|ORIGIN)$/)
      }),
    )
  })
})

describe('The cookie of a session', () => {
  const id = 'a'.repeat(43)

  it('is for this host, this site and no script, and over TLS for this very host', () => {
    expect(setCookie(id, true, 60_500)).toBe(
      `__Host-changeover=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure`,
    )
    expect(setCookie(id, false, 60_000)).toBe(
      `changeover=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60`,
    )
    expect(setCookie('', true, 60_000)).toMatch(/^__Host-changeover=;.* Max-Age=0;/)
  })

  it.each([
    [`changeover=${id}`, id],
    [`a=b; changeover=${id};c`, id],
    [`changeover=${id}; changeover=${'b'.repeat(43)}`, undefined],
    [`xchangeover=${id}`, undefined],
    [`changeover=${id}x`, undefined],
    [`changeover="${id}"`, undefined],
    ['changeover=', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is read from %s', (header, expected) => {
    expect(sessionCookie(header, 'changeover')).toBe(expected)
  })

  it('is one id or none, whatever the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(sessionCookie(header, 'changeover') ?? id).toMatch(/^[\w-]{43}$/)
      }),
    )
  })
})

describe('The limit on signing in', () => {
  const options = {
    perAddress: { size: 3, everyMs: 1_000 },
    inAll: { size: 5, everyMs: 100 },
    addresses: 4,
  }

  it('lets so many in at once, then one each time', () => {
    const limit = createRateLimit(options)
    expect([1, 2, 3].map(() => limit.take('192.0.2.1', 0))).toEqual([0, 0, 0])
    expect(limit.take('192.0.2.1', 0)).toBe(1_000)
    expect(limit.take('192.0.2.1', 400)).toBe(600)
    expect(limit.take('192.0.2.1', 1_000)).toBe(0)
    expect(limit.take('192.0.2.1', 1_000)).toBe(1_000)
  })

  it('holds in all too, so that many addresses do not help', () => {
    const limit = createRateLimit(options)
    const waits = Array.from({ length: 8 }, (_, n) => limit.take(`192.0.2.${n}`, 0))
    expect(waits).toEqual([0, 0, 0, 0, 0, 100, 100, 100])
    expect(limit.remembered).toBe(4)
  })

  it('does not count what was rightful', () => {
    const limit = createRateLimit(options)
    for (let n = 0; n < 50; n += 1) {
      expect(limit.take('192.0.2.1', 0)).toBe(0)
      limit.giveBack('192.0.2.1')
    }
  })

  it('is not confused by a clock that is set back', () => {
    const limit = createRateLimit(options)
    for (const now of [10_000, 0, 0]) expect(limit.take('192.0.2.1', now)).toBe(0)
    expect(limit.take('192.0.2.1', 0)).toBe(1_000)
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['nonsense', 'unknown'],
    [undefined, 'unknown'],
  ])('takes %s for %s', (address, expected) => {
    expect(networkOf(address)).toBe(expected)
  })

  it('takes every spelling of an address for the same', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xff_ff }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(groups, (parts) => {
        const long = parts.map((part) => part.toString(16).padStart(4, '0')).join(':')
        const short = new URL(`http://[${long}]`).hostname.slice(1, -1)
        expect(networkOf(short)).toBe(networkOf(long))
        expect(networkOf(short)).toMatch(/^[0-9a-f:]+::\/64$/)
      }),
    )
  })
})

function told(method: string, headers: object): string {
  try {
    checkOrigin(method, headers, origins)
    return ok
  } catch (error) {
    return error instanceof ConsoleError ? error.code : String(error)
  }
}
