import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillTemplate, templateProblem } from '../src/query-template.ts'

const values = { service: 'shop', release: 'v2', windowMs: 90_000, overMs: 300 }

describe('a query', () => {
  test('is filled in with labels, the window and the bound', () => {
    const template = 'sum(increase(x{s="$service",r=\'$release\',le="$over"}[$window])) > $over'
    expect(fillTemplate(template, values)).toBe(
      'sum(increase(x{s="shop",r=\'v2\',le="0.3"}[90000ms])) > 0.3',
    )
  })

  test('takes a release literally behind a pattern operator', () => {
    const filled = fillTemplate('x{a=~"$release",b="$release"}', { ...values, release: 'v1.*' })
    expect(filled).toBe(String.raw`x{a=~"v1\u005c.\u005c*",b="v1.*"}`)
  })

  test('never fills in what a value brought along', () => {
    const filled = fillTemplate('x{r="$release"}[$window]', { ...values, release: '$window $over' })
    expect(filled).toBe('x{r="$window $over"}[90000ms]')
  })

  test('holds exactly the strings that its template has, whatever a release is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', "'"), (release, quote) => {
        const filled = fillTemplate(`x{r=${quote}$release${quote}}`, { ...values, release })
        const inside = filled.slice(5, -2)
        expect(filled.slice(0, 5)).toBe(`x{r=${quote}`)
        expect(filled.slice(-2)).toBe(`${quote}}`)
        expect(inside).not.toMatch(/["'`\n]/)
        expect(JSON.parse(`"${inside}"`)).toBe(release)
      }),
    )
  })
})

test.each([
  ['has an unknown placeholder', 'x{r="$release",z="$zone"}', 'there is no placeholder $zone'],
  ['asks for every release', 'x[$window]', 'it does not ask for one $release'],
  ['has a label outside of quotes', '$release', 'belong in quotes'],
  ['has a label in backquotes', 'x{r=`$release`}', 'backquotes'],
  ['has the window in quotes', 'x{r="$release",w="$window"}', 'outside of quotes'],
  ['has a comment', 'x{r="$release"} # "', 'comments'],
])('a template that %s is refused', (_, template, problem) => {
  expect(templateProblem(template)).toContain(problem)
})
