import { describe, expect, test } from 'vitest'
import { formatUrl } from '../src/address.ts'
import { requestTarget } from '../src/request-target.ts'

describe('the address', () => {
  test.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://127.0.0.1:80'],
    ['::', 'http://[::1]:80'],
    ['::1', 'http://[::1]:80'],
    ['localhost', 'http://localhost:80'],
  ])('of a listener on %s is one that can be called', (host, url) => {
    expect(formatUrl(host, 80)).toBe(url)
  })
})

describe('a request target', () => {
  test.each([
    ['GET', '/a?b', { path: '/a?b' }],
    ['GET', '//a/b', { path: '//a/b' }],
    ['OPTIONS', '*', { path: '*' }],
    ['GET', 'http://shop/a?b', { authority: 'shop', path: '/a?b' }],
    ['GET', 'HTTPS://shop:8443?b', { authority: 'shop:8443', path: '/?b' }],
    ['GET', 'http://[::1]:80', { authority: '[::1]:80', path: '/' }],
  ])('%s %s is served', (method, url, target) => {
    expect(requestTarget(method, url)).toEqual(target)
  })

  test.each(['*', 'shop', 'ftp://shop/', 'http://', 'http://a@b/', 'http://a b/', ''])(
    'GET "%s" is not',
    (url) => {
      expect(requestTarget('GET', url)).toBeUndefined()
    },
  )
})
