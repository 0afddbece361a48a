import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromWire, markReader, toWire } from '../src/request-marks.ts'

/** Names and values as RFC 6265 has them. */
const letters = (characters: string): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters.split('')), maxLength: 8 })
const name = letters('abcXY-_.!').filter((text) => text.length > 0)
const value = letters('abcXY012=/:%+,{}[]')
const blanks = letters(' \t')

/** A pair as clients write it, more or less. */
const pair = fc.record({ name, value, before: blanks, after: blanks, quoted: fc.boolean() })

describe('a cookie', () => {
  test.each([
    ['uid=7', '7'],
    ['a=1; uid=7; b=2', '7'],
    ['a=1;uid=7;b=2', '7'],
    [' \tuid = 7 \t; b', '7'],
    ['uid="7 8"', '7 8'],
    ['uid="7', '"7'],
    ['uid="', '"'],
    ['uid=""', ''],
    ['uid=', ''],
    ['uid=;', ''],
    ['uid=a=b==', 'a=b=='],
    ['uid=first; uid=second', 'first'],
    ['uid; uid=7', '7'],
    ['%zz=%; uid=%41', '%41'],
    ['x-uid=1; uidx=2; UID=3', undefined],
    ['=uid', undefined],
    ['a=uid=7', undefined],
    ['a="; uid=7"', '7"'],
    ['', undefined],
    [';;;;', undefined],
    ['uid', undefined],
  ])('of %j is %j', (header, expected) => {
    expect(markReader({ cookie: 'uid' })(['Cookie', header])).toBe(expected)
  })

  test('of several headers is the first', () => {
    const raw = ['Host', 'shop', 'cookie', 'a=1', 'COOKIE', 'uid=7', 'Cookie', 'uid=8; b=2']
    const read = (cookie: string) => markReader({ cookie })(raw)
    expect([read('a'), read('uid'), read('b')]).toEqual(['1', '7', '2'])
  })

  test('is read as it was written, whatever is written around it', () => {
    fc.assert(
      fc.property(fc.array(pair), name, (pairs, wanted) => {
        const header = pairs
          .map(({ name, value, before, after, quoted }) => {
            return `${before}${name}=${quoted ? `"${value}"` : value}${after}`
          })
          .join(';')
        const expected = pairs.find((one) => one.name === wanted)?.value
        expect(markReader({ cookie: wanted })(['Cookie', header])).toBe(expected)
      }),
    )
  })

  test('of bytes that are no cookies is something or nothing, and never a throw', () => {
    const bytes = fc.string({ unit: fc.constantFrom(...'uid= ;"\t\0\u00ff\\,'.split('')) })
    fc.assert(
      fc.property(bytes, (header) => {
        const read = markReader({ cookie: 'uid' })(['Cookie', header])
        expect(read === undefined || header.includes(read)).toBe(true)
      }),
    )
  })

  // Whoever reads such a header once per pair takes a thousand times as long.
  test.each([';', 'a;', ' ', 'uid', 'uid;', 'uid ', '='])(
    'in a megabyte of %j is looked for once',
    (part) => {
      const header = part.repeat(1_048_576 / part.length)
      const began = performance.now()
      expect(markReader({ cookie: 'uid' })(['Cookie', header])).toBeUndefined()
      expect(performance.now() - began).toBeLessThan(2_000)
    },
  )
})

describe('a header', () => {
  test('is found by its name in any case, and the first of several counts', () => {
    const raw = ['x-preview-2', 'no', 'X-PREVIEW', 'one', 'x-preview', 'two']
    expect(markReader({ header: 'X-Preview' })(raw)).toBe('one')
    expect(markReader({ header: 'x-other' })(raw)).toBeUndefined()
  })
})

test('what was written as UTF-8 is read as it was meant', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(fromWire(toWire(text))).toBe(text)
    }),
  )
})
