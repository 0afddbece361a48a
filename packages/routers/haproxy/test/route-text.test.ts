import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText, encodeText, FULL_SCALE, unknownMark } from '../src/route-text.ts'
import { anyText, settings } from './route-table-maker.ts'

const marks = settings()

test('a text has no sign that could end an argument, a command or a line of HAProxy', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(encodeText(text, marks)).toMatch(/^[A-Za-z0-9:/~+\-_.*]+$/)
    }),
  )
})

test('a text is read back as it was written, whatever the names in it are', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const raw = encodeText(text, marks)
      expect(decodeText(raw, marks)).toEqual({ raw, text, whole: true })
    }),
  )
})

test('a split of which one sign was changed is not taken for the one that was written', () => {
  fc.assert(
    fc.property(anyText, fc.nat(), fc.constantFrom(...'a0:~+-_.*'.split('')), (text, at, sign) => {
      const raw = encodeText(text, marks)
      const begin = raw.indexOf('/') + 1
      const split = raw.split('/').slice(1, 4).join('/')
      const i = begin + (at % split.length)
      fc.pre(raw[i] !== '/' && raw[i] !== sign)
      expect(decodeText(`${raw.slice(0, i)}${sign}${raw.slice(i + 1)}`, marks).whole).toBe(false)
    }),
  )
})

test('anything at all in the variable is read without an error', () => {
  fc.assert(
    fc.property(fc.string(), (raw) => {
      expect(decodeText(raw, marks)).toMatchObject({ raw, whole: false, text: undefined })
    }),
  )
})

test('the cuts rise to the whole scale, each by its weight, and that of the cohort is the first', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const [, cuts = ''] = encodeText(text, marks).split('/')
      const edges = cuts.split('+').map((cut) => Number(cut.split('~')[0]))
      const shares = edges.map((edge, i) => edge - (edges[i - 1] ?? 0))
      expect(edges.at(-1)).toBe(FULL_SCALE)
      const weights = text.pools.filter(({ weight }) => weight > 0)
      const exact = weights.map(({ weight }) => (weight * FULL_SCALE) / 10_000)
      const byShare = (a: number, b: number): number => a - b
      const sorted = [shares.toSorted(byShare), exact.toSorted(byShare)]
      sorted[0]!.forEach((share, i) => expect(Math.abs(share - sorted[1]![i]!)).toBeLessThan(2))
      const cohort = weights.find(({ release }) => release === text.affinity?.release)
      const first = cohort ?? weights[0]!
      expect(Math.abs(edges[0]! - (first.weight * FULL_SCALE) / 10_000)).toBeLessThan(2)
    }),
  )
})

test('a header or a cookie that the configuration does not read is named', () => {
  const rules = [{ release: 'v1', header: 'x-preview' }]
  expect(unknownMark({ rules }, marks)).toBeUndefined()
  expect(unknownMark({ rules: [{ release: 'v1', header: 'x-other' }] }, marks)).toContain('x-other')
  const affinity = { release: 'v1', salt: 'r1', cookie: 'UID' }
  expect(unknownMark({ rules, affinity }, marks)).toContain('cookie "UID"')
})
