import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookiePattern, headerPattern } from '../src/mark-pattern.ts'

const names = fc.stringMatching(/^[ab!.*+|^-]{1,4}$/)
const values = fc.string({ unit: fc.constantFrom(...'ab"; =*.{}\\$^'.split('')), maxLength: 6 })
const texts = fc
  .array(fc.integer({ min: 0, max: 0xd7ff }), { maxLength: 8 })
  .map((codes) => String.fromCodePoint(...codes))
const heads = fc.string({ unit: fc.constantFrom(...'ab!.*+|^-"; =\t'.split('')), maxLength: 24 })

describe('the pattern of a cookie', () => {
  it('matches where the first cookie of the name has the value, and nowhere else', () => {
    fc.assert(
      fc.property(names, values, heads, (name, value, rest) => {
        for (const head of [rest, `${name}=${value}`, `${rest};${name}="${value}"; ${rest}`]) {
          const pattern = cookiePattern(name, value)
          const matches = pattern !== undefined && new RegExp(pattern).test(head)
          expect({ head, matches }).toEqual({ head, matches: firstCookie(head, name) === value })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('without a value matches where there is a cookie of the name', () => {
    fc.assert(
      fc.property(names, heads, (name, rest) => {
        for (const head of [rest, `${rest}; ${name}=1`, `${name} =; ${rest}`]) {
          const matches = new RegExp(cookiePattern(name) ?? '').test(head)
          expect({ head, matches }).toEqual({
            head,
            matches: firstCookie(head, name) !== undefined,
          })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('takes a name of a hundred letters, and a long header, in no time worth measuring', () => {
    const pattern = new RegExp(cookiePattern('a'.repeat(100), 'yes') ?? '')
    expect(pattern.test(`${'a'.repeat(101)}=yes; ${'a'.repeat(100)}=yes`)).toBe(true)
    expect(pattern.test(`${'a'.repeat(99)}=yes; `.repeat(50))).toBe(false)
  })
})

describe('the pattern of a header', () => {
  it('matches the value alone, whatever it holds', () => {
    fc.assert(
      fc.property(texts, fc.string(), (value, other) => {
        const pattern = new RegExp(headerPattern(value), 'u')
        expect(pattern.test(value)).toBe(true)
        expect(pattern.test(other)).toBe(other === value)
      }),
    )
  })

  it('without a value matches any, an empty one too', () => {
    expect(new RegExp(headerPattern(undefined)).test('')).toBe(true)
  })
})

/** As the embedded router reads it: the first pair of the name, trimmed, without quotes around it. */
function firstCookie(head: string, name: string): string | undefined {
  for (const pair of head.split(';')) {
    const text = pair.replace(/^[ \t]+/, '')
    const rest = text.startsWith(name) ? text.slice(name.length).replace(/^[ \t]+/, '') : ''
    if (!rest.startsWith('=')) continue
    const value = rest.slice(1).replace(/^[ \t]+|[ \t]+$/g, '')
    return /^".*"$/.test(value) && value.length > 1 ? value.slice(1, -1) : value
  }
  return undefined
}
