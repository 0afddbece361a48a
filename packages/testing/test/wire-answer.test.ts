import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerReader, type Reading } from '../src/wire-answer.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const SIZED = `${OK}content-length: 5\r\nx-release: a\r\n\r\nhello`
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nx-end: 1\r\n\r\n`
const ENDLESS = `${OK}x-release: a\r\n\r\nhello`

describe('an answer is read', () => {
  test.each([
    ['with a length', SIZED, true],
    ['in chunks', CHUNKED, true],
    ['after interim ones', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${SIZED}`, true],
    [
      'whose connection is to be closed',
      SIZED.replace('x-release: a', 'Connection: a, Close'),
      false,
    ],
    ['of HTTP/1.0', SIZED.replace('1.1', '1.0'), false],
    [
      'of HTTP/1.0 that keeps its connection',
      SIZED.replace('1.1', '1.0').replace('x-release: a', 'connection: keep-alive'),
      true,
    ],
  ])('%s', (_, text, reusable) => {
    expect(read(text)).toMatchObject({ state: 'whole', reusable, answer: { body: 'hello' } })
  })

  test('up to the end of its connection where it has no length', () => {
    const reader = answerReader('GET')
    expect(reader.push(Buffer.from(ENDLESS))).toStrictEqual({ state: 'partial' })
    expect(reader.end()).toMatchObject({
      state: 'whole',
      reusable: false,
      answer: { body: 'hello' },
    })
  })

  test.each([
    ['HEAD', SIZED.slice(0, -5)],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
  ])('without a body where there is none: %s %s', (method, text) => {
    expect(read(text, method)).toMatchObject({ state: 'whole', answer: { body: '' } })
  })

  test('that switches protocols, and what comes after it is left alone', () => {
    const reader = answerReader('GET')
    const head = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'
    expect(reader.push(Buffer.from(`${head}\u0001\u0002`))).toMatchObject({
      state: 'whole',
      reusable: false,
    })
    expect([...reader.beyond]).toStrictEqual([1, 2])
  })

  test('alike, however its bytes are cut', () => {
    const texts = fc.constantFrom(SIZED, CHUNKED, `${OK}content-length: 0\r\n\r\n`)
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (text, sizes) => {
          expect(readIn(text, sizes)).toStrictEqual(read(text))
        },
      ),
    )
  })
})

describe('an answer is not taken for whole', () => {
  test('before its end, wherever its connection ends', () => {
    for (const text of [SIZED, CHUNKED]) {
      for (let end = 0; end < text.length; end += 1) {
        const reader = answerReader('GET')
        if (end > 0) reader.push(Buffer.from(text.slice(0, end)))
        expect(reader.end().state).toBe(end === 0 ? 'nothing' : 'partial')
      }
    }
  })

  test.each([
    ['goes on after its end', `${SIZED}!`],
    ['has two different lengths', SIZED.replace('x-release: a', 'content-length: 6')],
    ['has the same length twice', SIZED.replace('x-release: a', 'content-length: 5')],
    ['has a length and a coding', SIZED.replace('x-release: a', 'transfer-encoding: chunked')],
    ['has a negative length', SIZED.replace('5', '-5')],
    ['has a coding that nobody knows', CHUNKED.replace('chunked', 'xchunked')],
    ['has a chunk longer than its size', CHUNKED.replace('hel\r\n', 'hell\r\n')],
    ['has a chunk of no size', CHUNKED.replace('3;x=y', 'three')],
    ['folds a header', SIZED.replace('x-release: a', 'x-release: a\r\n b')],
    ['has a space before a colon', SIZED.replace('x-release:', 'x-release :')],
    ['ends lines with LF alone', SIZED.replace('OK\r\n', 'OK\n')],
    ['has a zero in a header', SIZED.replace('x-release: a', 'x-release: \0')],
    ['is of another protocol', SIZED.replace('HTTP/1.1', 'HTTP/2')],
    ['is none', 'no such thing\r\n\r\n'],
  ])('that %s', (_, text) => {
    expect(read(text)).toMatchObject({ state: 'malformed' })
  })

  test('whose head never ends', () => {
    expect(read(`${OK}x: ${'y'.repeat(70_000)}`)).toMatchObject({ state: 'malformed' })
  })
})

function read(text: string, method = 'GET'): Reading {
  return answerReader(method).push(Buffer.from(text, 'latin1'))
}

/** The last reading, when the bytes come in pieces of these sizes, again and again. */
function readIn(text: string, sizes: readonly number[]): Reading {
  const reader = answerReader('GET')
  let reading: Reading = { state: 'nothing' }
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const size = sizes[turn % sizes.length]!
    reading = reader.push(Buffer.from(text.slice(at, at + size), 'latin1'))
    at += size
  }
  return reading
}
