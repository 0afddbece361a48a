import { ERROR_CODES } from '@changeover/engine'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const templates = Object.entries(ERROR_CODES)

describe.each(templates)('%s', (code, template) => {
  test('has a code that is stable and of our own', () => {
    expect(code).toMatch(/^CHANGEOVER(?:_[A-Z]+)+$/)
  })

  test.each(Object.entries(template))('says in a sentence of its own: %s', (part, text) => {
    expect(['what', 'why', 'next']).toContain(part)
    expect(text).toMatch(/^[A-Z"{]/)
    expect(text).toMatch(/[.}]$/)
    expect(text).not.toMatch(/\s{2}|^\s|\s$/)
  })

  test('is said in full: what, why and next', () => {
    expect(Object.keys(template)).toStrictEqual(['what', 'why', 'next'])
  })
})

test('no two codes tell the same', () => {
  const told = templates.map(([, { what }]) => what)
  expect(new Set(told).size).toBe(told.length)
})

describe('every refusal in the sources', () => {
  const calls = sourceFiles().flatMap(({ file, text }) => refusals(file, text))

  test('is found', () => {
    expect(calls.length).toBeGreaterThan(30)
  })

  test('fills every placeholder of its template', () => {
    const open = calls.filter(({ code, keys }) =>
      placeholdersOf(code).some((key) => !keys.has(key)),
    )
    expect(open).toStrictEqual([])
  })
})

interface Refusal {
  readonly file: string
  readonly code: string
  readonly keys: ReadonlySet<string>
}

/** Calls of `refuse` whose details are written out, which all are. */
function refusals(file: string, text: string): Refusal[] {
  return [...text.matchAll(/refuse\(\s*'(\w+)',\s*\{/g)].map((call) => ({
    file,
    code: call[1]!,
    keys: new Set(keysOf(text, call.index + call[0].length)),
  }))
}

/** The keys of an object literal whose content starts at `from`. */
function keysOf(text: string, from: number): string[] {
  const entries = ['']
  let depth = 0
  for (let at = from; depth > 0 || text[at] !== '}'; at += 1) {
    const char = text[at]!
    if ('([{'.includes(char)) depth += 1
    if (')]}'.includes(char)) depth -= 1
    if (depth === 0 && char === ',') entries.push('')
    else entries[entries.length - 1] += char
  }
  return entries.map((entry) => /^\s*(\w+)/.exec(entry)?.[1] ?? '')
}

function placeholdersOf(code: string): string[] {
  const template = templates.find(([known]) => known === code)?.[1]
  const text = template ? Object.values(template).join(' ') : `{unknown code ${code}}`
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, key]) => key!)
}

function sourceFiles(): { file: string; text: string }[] {
  const sources = fileURLToPath(new URL('../src', import.meta.url))
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(join(sources, file), 'utf8') }))
}
