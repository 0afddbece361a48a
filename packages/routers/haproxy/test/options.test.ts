import { expect, test } from 'vitest'
import { haproxyConfig, haproxyRouter, type HaproxyRouterOptions } from '@changeover/router-haproxy'

const services = { shop: { bind: '127.0.0.1:8080' } }

test('each mistake is refused with the field, before anything is opened', () => {
  const bad: readonly [field: string, options: object][] = [
    ['socket', { services }],
    ['socket', { services, socket: '' }],
    ['services', { services: {}, socket: 's' }],
    ['services', { services: { '': { bind: 'x' } }, socket: 's' }],
    ['services.shop.bind', { services: { shop: {} }, socket: 's' }],
    ['services.shop.bind', { services: { shop: { bind: 'x\n  bind y' } }, socket: 's' }],
    ['services.shop.lines.0', { services: { shop: { bind: 'x', lines: ['a\rb'] } }, socket: 's' }],
    [
      'services.shop.headers.0',
      { services: { shop: { bind: 'x', headers: ['a,b'] } }, socket: 's' },
    ],
    [
      'services.shop.cookies.0',
      { services: { shop: { bind: 'x', cookies: ['a)'] } }, socket: 's' },
    ],
    ['services.shop.releases', { services: { shop: { bind: 'x', releases: 0 } }, socket: 's' }],
    ['services.shop.wieghts', { services: { shop: { bind: 'x', wieghts: 1 } }, socket: 's' }],
    [
      'services.shop.timeouts.connect',
      { services: { shop: { bind: 'x', timeouts: { connect: 0 } } }, socket: 's' },
    ],
    ['replyTimeout', { services, socket: 's', replyTimeout: 0 }],
    ['lookEvery', { services, socket: 's', lookEvery: '30d' }],
    ['master', { services, socket: 's', master: { host: 'h' } }],
    ['logger', { services, socket: 's', logger: {} }],
  ]
  for (const [field, options] of bad) {
    const refused = expect.objectContaining({
      code: 'CHANGEOVER_OPTION_INVALID',
      message: expect.stringContaining(field),
    })
    expect(() => haproxyRouter(options as HaproxyRouterOptions)).toThrow(refused)
  }
})

test('a configuration needs no socket, and knows no option of the adapter', () => {
  expect(haproxyConfig({ services })).toContain('bind 127.0.0.1:8080')
  const both = { services, socket: 's' }
  expect(() => haproxyConfig(both)).toThrow('socket')
})

test('what a table may ask for is what every service was given', async () => {
  const router = haproxyRouter({ socket: '/nonexistent', services, lookEvery: 0 })
  await expect(router.probe()).rejects.toMatchObject({ code: 'CHANGEOVER_HAPROXY_UNREACHABLE' })
  const rules = [{ release: 'v1', header: 'x' }]
  const pools = [{ release: 'v1', weight: 10_000, instances: [{ id: 'a', address: '1.2.3.4:1' }] }]
  const table = { service: 'shop', revision: 1, fence: 1, pools, rules }
  await expect(router.apply(table)).rejects.toMatchObject({
    code: 'CHANGEOVER_ROUTER_NOT_REPRESENTABLE',
  })
  await router.close()
})
