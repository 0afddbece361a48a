import { describe, expect, test } from 'vitest'
import { hostileTexts } from '../src/hostile-text.ts'
import { faultsOf, readHead, readRequest, valuesOf } from '../src/recorded-request.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'

describe('a recorded request', () => {
  test('is read with its body, and what follows is left', () => {
    const read = readRequest(`${GET}Content-Length: 2\r\n\r\nhiGET`)
    expect(read).toMatchObject({ request: { method: 'GET', target: '/', body: 'hi' }, rest: 'GET' })
  })

  test('is read with its chunks and trailers', () => {
    const chunked = `${GET}Transfer-Encoding: chunked\r\n\r\n`
    const read = readRequest(`${chunked}2;a=b\r\nhi\r\n0\r\nX-A: 1\r\n\r\nGET`)
    expect(read).toMatchObject({ request: { body: 'hi', trailers: 'X-A: 1\r\n' }, rest: 'GET' })
    expect(read && valuesOf(read.request, 'transfer-encoding')).toStrictEqual(['chunked'])
  })

  test.each([
    GET,
    `${GET}Content-Length: 2\r\n\r\nh`,
    `${GET}Transfer-Encoding: chunked\r\n\r\n`,
    `${GET}Transfer-Encoding: chunked\r\n\r\n2\r\nhi`,
    `${GET}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
  ])('is not there before it has ended: %j', (bytes) => {
    expect(readRequest(bytes)).toBeUndefined()
  })

  test.each([
    [`${GET}\r\n`, []],
    ['GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n', []],
    [`${GET}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, ['several lengths']],
    [`${GET}Content-Length: +1\r\n\r\n`, ['a length that is no number']],
    [`${GET}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, ['a length and a coding']],
    [`${GET}Transfer-Encoding: x\r\n\r\n`, ['a coding that is not chunked']],
    [`${GET}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, ['several codings']],
    ['GET / HTTP/1.1\r\n\r\n', ['not exactly one host']],
    [`${GET}Host: b\r\n\r\n`, ['not exactly one host']],
    ['GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', ['two hosts that differ']],
    [`${GET}X-A: b\n\r\n`, ['a line end that is none']],
    [`${GET}X-A: b\rc\r\n\r\n`, ['a line end that is none']],
    [`${GET}X-A: b\0\r\n\r\n`, ['a zero byte']],
    [`${GET}X-A: b\r\n c: d\r\n\r\n`, ['a line that goes on in the next one']],
    [`${GET}X-A : b\r\n\r\n`, ['a space before a colon']],
    [`${GET}: b\r\n\r\n`, ['a header without a name, or without a colon']],
    [`${GET}X-A\r\n\r\n`, ['a header without a name, or without a colon']],
    ['G@T / HTTP/1.1\r\nHost: a\r\n\r\n', ['a request line that is none']],
    ['GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n', ['a request line that is none']],
  ])('has faults where it can be read in two ways: %j', (bytes, faults) => {
    const read = readHead(bytes)
    expect(read && faultsOf(read.request)).toStrictEqual(faults)
  })
})

describe('hostile texts', () => {
  test('are the same for a seed, and others for another one', () => {
    expect(hostileTexts(4, 1)).toStrictEqual(hostileTexts(4, 1))
    expect(hostileTexts(4, 1)).not.toStrictEqual(hostileTexts(4, 2))
  })

  test.each([0, 6])('leave no hostile piece out, however few they are: %i', (count) => {
    const all = hostileTexts(count, 1).join('')
    for (const piece of ['"', "'", '{', '}', ';', '#', '$', '\\', '\n', '\0', 'é', '../', '\u2028'])
      expect(all).toContain(piece)
  })
})
