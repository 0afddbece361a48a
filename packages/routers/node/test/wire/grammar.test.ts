import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAnswerHead } from '../../src/wire/answer-head.ts'
import { chunkScan, scanChunks } from '../../src/wire/chunks.ts'
import { fieldText, readFields } from '../../src/wire/fields.ts'
import { mayBecomePlain, readPlainRequest } from '../../src/wire/plain-request.ts'

function request(head: string): ReturnType<typeof readPlainRequest> {
  const text = `${head}\r\n`
  return readPlainRequest(text, text.length - 4)
}

function answer(head: string, method = 'GET'): ReturnType<typeof readAnswerHead> {
  const text = `${head}\r\n`
  return readAnswerHead(text, 0, text.length - 4, method)
}

describe('header lines', () => {
  test('are names and values, without the blanks around a value', () => {
    const text = 'A: b\r\nC:\t d e \r\nF:\r\n'
    expect(readFields(text, 0, text.length)).toEqual(['A', 'b', 'C', 'd e', 'F', ''])
    expect(readFields('', 0, 0)).toEqual([])
  })

  test('are written as they are read', () => {
    const fields = ['A', 'b', 'a', 'c', 'D', '\u00e4']
    const text = fieldText(fields)
    expect(readFields(text, 0, text.length)).toEqual(fields)
  })

  test.each([
    ['no colon', 'A\r\n'],
    ['no name', ': b\r\n'],
    ['a blank before the colon', 'A : b\r\n'],
    ['a folded line', 'A: b\r\n c\r\n'],
    ['a bare line feed', 'A: b\nC: d\r\n'],
    ['a bare carriage return', 'A: b\rC: d\r\n'],
    ['a control character', 'A: b\u0000\r\n'],
    ['a name beyond ASCII', '\u00c4: b\r\n'],
    ['a tab behind the value', 'A: b\t\r\n'],
    ['no end', 'A: b'],
  ])('are read no further with %s', (_what, text) => {
    expect(readFields(text, 0, text.length)).toBeUndefined()
  })
})

describe('a plain request', () => {
  test('is read as it is', () => {
    const head = 'POST /a?b HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nConnection: close\r\n'
    expect(request(head)).toMatchObject({
      method: 'POST',
      target: '/a?b',
      host: 'shop',
      bodyBytes: 5,
      last: true,
      raw: ['Host', 'shop', 'Content-Length', '5', 'Connection', 'close'],
    })
    expect(request('GET / HTTP/1.1\r\nHost: a\r\n')).toMatchObject({ bodyBytes: 0, last: false })
  })

  const host = 'Host: a\r\n'
  test.each([
    ['HTTP/1.0', `GET / HTTP/1.0\r\n${host}`],
    ['another method', `TRACE / HTTP/1.1\r\n${host}`],
    ['a method in small letters', `get / HTTP/1.1\r\n${host}`],
    ['an absolute target', `GET http://a/ HTTP/1.1\r\n${host}`],
    ['a target of *', `OPTIONS * HTTP/1.1\r\n${host}`],
    ['a target with a fragment', `GET /#a HTTP/1.1\r\n${host}`],
    ['a target beyond ASCII', `GET /\u00e4 HTTP/1.1\r\n${host}`],
    ['two blanks', `GET  / HTTP/1.1\r\n${host}`],
    ['an empty line ahead', `\r\nGET / HTTP/1.1\r\n${host}`],
    ['no Host', 'GET / HTTP/1.1\r\nA: b\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}${host}`],
    ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n`],
    ['an odd length', `POST / HTTP/1.1\r\n${host}Content-Length: 0x1\r\n`],
    [
      'a length that is no exact number',
      `POST / HTTP/1.1\r\n${host}Content-Length: ${'9'.repeat(16)}\r\n`,
    ],
    ['chunks', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n`],
    ['an expectation', `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\n`],
    ['an upgrade', `GET / HTTP/1.1\r\n${host}Upgrade: websocket\r\n`],
    ['a name in Connection', `GET / HTTP/1.1\r\n${host}Connection: close, X-A\r\n`],
    ['trailers', `GET / HTTP/1.1\r\n${host}TE: trailers\r\n`],
    ['HTTP/2 on its mind', `GET / HTTP/1.1\r\n${host}HTTP2-Settings: AAMA\r\n`],
  ])('has not %s', (_what, head) => {
    expect(request(head)).toBeUndefined()
  })

  test('may still come where all that came so far could be the beginning of one', () => {
    const whole = `GET /a HTTP/1.1\r\n${host}A: b\r\n`
    for (let i = whole.indexOf('\n') + 1; i < whole.length; i++)
      expect(mayBecomePlain(whole.slice(0, i))).toBe(true)
    for (const text of ['\u0016\u0003\u0001', 'GET / HTTP/1.0\r\n', 'GET / HTTP/1.1\r\nA: b\n'])
      expect(mayBecomePlain(text)).toBe(false)
  })
})

describe('the head of an answer', () => {
  test.each([
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', 'length', true],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', 'chunked', true],
    ['GET', 'HTTP/1.1 200 OK\r\n', 'close', false],
    ['GET', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n', 'length', false],
    ['GET', 'HTTP/1.1 200\r\nContent-Length: 5\r\nConnection: a, Close\r\n', 'length', false],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', 'none', true],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', 'none', true],
    ['GET', 'HTTP/1.1 204 No\r\n', 'none', true],
    ['GET', 'HTTP/1.1 304 No\r\nContent-Length: 5\r\n', 'none', true],
    ['POST', 'HTTP/1.1 103 Hints\r\n', 'none', true],
  ])('to %s says how the body ends: %j', (method, head, ends, keep) => {
    expect(answer(head, method)).toMatchObject({ ends, keep })
  })

  test.each([
    'HTTP/2 200 OK\r\n',
    'HTTP/1.1 99 OK\r\n',
    'HTTP/1.1 2000 OK\r\n',
    'HTTP/1.1  200 OK\r\n',
    'HTTP/1.1 200 \u0001\r\n',
    'HTTP/1.0 103 Hints\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n',
  ])('is none where two readers might differ: %j', (head) => {
    expect(answer(head)).toBeUndefined()
  })
})

describe('a body in chunks', () => {
  /** Reads `text` in the pieces that `cuts` make of it. */
  function scanned(text: string, cuts: readonly number[] = []) {
    const bytes = Buffer.from(text, 'latin1')
    const scan = chunkScan()
    let body = ''
    const edges = [
      ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
      bytes.length,
    ]
    let from = 0
    for (const to of edges) {
      const data = scanChunks(scan, bytes, from, to, 100)
      for (let i = 0; i < data.length; i += 2) body += text.slice(data[i], data[i + 1])
      from = to
      if (scan.stage === 'done' || scan.stage === 'broken') break
    }
    return { stage: scan.stage, trailers: scan.trailers, end: scan.end, body }
  }

  test('is found out of its chunks, wherever its bytes are torn apart', () => {
    const chunks = fc.array(
      fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0'), minLength: 1 }),
    )
    fc.assert(
      fc.property(chunks, fc.array(fc.nat({ max: 200 })), (pieces, cuts) => {
        const framed = pieces
          .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
          .join('')
        const { stage, body, trailers } = scanned(`${framed}0\r\nA: b\r\n\r\n`, cuts)
        expect([stage, body, trailers]).toEqual(['done', pieces.join(''), 'A: b\r\n\r\n'])
      }),
    )
  })

  test('may have extensions, which mean nothing here', () => {
    const text = '1;a\r\nx\r\n2;a=b;c="d;e"\r\nyz\r\n0;f\r\n\r\n'
    for (let cut = 1; cut < text.length; cut++)
      expect(scanned(text, [cut])).toMatchObject({ stage: 'done', body: 'xyz', trailers: '\r\n' })
  })

  test('ends where it ends, whatever follows', () => {
    expect(scanned('1\r\na\r\n0\r\n\r\nrest')).toMatchObject({ stage: 'done', end: 11 })
  })

  test.each([
    ['no size', '\r\na\r\n'],
    ['a sign', '-1\r\na\r\n'],
    ['a size that is no number', '0x1\r\na\r\n'],
    ['an extension without a name', '1;\r\na\r\n'],
    ['an extension with a blank', '1; a=b\r\na\r\n'],
    ['an extension with a bare line feed', '1;a\na\r\n'],
    ['an extension that ends within quotes', '1;a="b\r\na\r\n'],
    ['an endless extension', `1;${'a'.repeat(200)}`],
    ['an extension of nothing', ';a\r\na\r\n'],
    ['a blank', '1 \r\na\r\n'],
    ['a bare line feed', '1\na\r\n'],
    ['more data than it said', '1\r\naa\r\n'],
    ['a size beyond all exact numbers', `${'f'.repeat(14)}\r\n`],
    ['endless trailers', `0\r\n${'a'.repeat(200)}`],
    ['a control character in its trailers', '0\r\nA: \u0000\r\n\r\n'],
  ])('is broken by %s', (_what, text) => {
    expect(scanned(text).stage).toBe('broken')
  })
})
