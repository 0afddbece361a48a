import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeName, encodeName, isNameable } from '../src/name-code.ts'

test('an encoded name has no sign that means something to HAProxy, and is read back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
      const code = encodeName(name)
      expect(code).toMatch(/^[A-Za-z0-9_.]*$/)
      expect(code).not.toContain('..')
      expect(decodeName(code)).toBe(Buffer.from(name).toString())
    }),
  )
})

test('two names never have the same code, unless they are the same text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(encodeName(a) === encodeName(b)).toBe(a === b)
    }),
  )
})

test('whatever was never encoded is no name', () => {
  for (const code of ['shop-1', 'a b', '.', '.2', '.zz', '.2D', '.ff', 'x;y'])
    expect(decodeName(code)).toBeUndefined()
})

test('an empty name, one that is too long and one that is no text are not taken', () => {
  expect(['shop', 'shop-1', 'läden'].map(isNameable)).toEqual([true, true, true])
  expect(['', 'x'.repeat(121), '-'.repeat(41), '\ud800'].map(isNameable)).toEqual([
    false,
    false,
    false,
    false,
  ])
})
