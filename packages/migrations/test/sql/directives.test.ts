import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { placed, read, refused } from './reading.ts'

beforeAll(loadParser)

const IGNORE = 'changeover: ignore drop-column until 2.4.0 because nobody reads it'

describe('a directive', () => {
  it('tells the phase of its file, wherever it stands', () => {
    const { directives } = read(
      'SELECT 1; -- changeover: phase contract\n/* changeover: phase expand */',
    )
    expect(directives).toEqual([
      { says: 'phase', phase: 'contract', place: { line: 1, column: 14 } },
      { says: 'phase', phase: 'expand', place: { line: 2, column: 4 } },
    ])
  })

  it('accepts a finding of the statement that it stands before', () => {
    const { directives } = read(`BEGIN;\n-- why\n-- ${IGNORE}\n\nSELECT 2; SELECT 3`)
    expect(directives).toEqual([
      {
        says: 'ignore',
        rule: 'drop-column',
        until: '2.4.0',
        reason: 'nobody reads it',
        place: { line: 3, column: 4 },
        statement: 1,
      },
    ])
  })

  it('covers the whole file before its first statement', () => {
    const [directive] = read(`\\restrict a\n/*\n * ${IGNORE}\n */ ; SELECT 1`).directives
    expect(directive).toMatchObject({ statement: undefined, place: { line: 3, column: 4 } })
  })

  it('covers the statement that it stands in', () => {
    const { directives } = read(`ALTER TABLE a\n  -- ${IGNORE}\n  DROP b;\nSELECT 2`)
    expect(directives).toMatchObject([{ statement: 0, reason: 'nobody reads it' }])
  })

  it('covers nothing where its statement cannot be read', () => {
    const { directives, statements } = read(`SELECT 1;\n-- ${IGNORE}\nDROP TABL a;\nDROP TABLE b`)
    expect(placed(statements)).toHaveLength(2)
    expect(directives).toMatchObject([{ statement: -1 }])
  })

  it('may name a day', () => {
    const { directives } = read(
      '-- changeover: ignore a-b until 2027-02-28 because of that\nSELECT 1',
    )
    expect(directives).toMatchObject([{ rule: 'a-b', until: '2027-02-28' }])
  })

  it('is no text in strings, names or prose', () => {
    const script = read(
      `SELECT '-- ${IGNORE}', $$\n-- ${IGNORE}\n$$ AS "-- ${IGNORE}"; -- see changeover: the handbook\nSELECT 2`,
    )
    expect(script).toMatchObject({ directives: [], unreadable: [] })
    expect(script.statements).toHaveLength(2)
  })

  it('does not disturb what is read', () => {
    expect(placed(read(`-- ${IGNORE}\r\nSELECT 1;\r\nSELECT 'ü'`).statements)).toEqual([
      '2:1 SELECT 1',
      "3:1 SELECT 'ü'",
    ])
  })
})

describe('a directive that cannot be understood', () => {
  it.each([
    ['', 'is no directive'],
    ['skip drop-column', "'skip' is no directive"],
    ['phase', 'is no phase; write one of expand, backfill, tighten, contract'],
    ['phase later', "'later' is no phase"],
    ['phase expand contract', "'expand contract' is no phase"],
    ['ignore', "lacks the rule to ignore and 'until <version or date>' and 'because <reason>'"],
    ['ignore drop-column', "lacks 'until <version or date>' and 'because <reason>'"],
    ['ignore drop-column because we can', "lacks 'until <version or date>'"],
    ['ignore drop-column until 3', "lacks 'because <reason>'"],
    ['ignore drop-column until 3 because', "lacks 'because <reason>'"],
    ['ignore until 3 because we can', 'lacks the rule to ignore'],
    ['ignore a because of that until 3', 'the order is'],
    ['ignore a b until 3 because of that', 'the order is'],
    ['ignore a until later because of that', "'later' is neither a version nor a date"],
    ['ignore a until 2027-02-30 because of that', "'2027-02-30' is no day"],
  ])('%j says what is missing', (text, problem) => {
    const script = read(`SELECT 1;\n-- changeover: ${text}\nSELECT 2`)
    expect(refused(script)).toEqual(['2:4 directive-invalid'])
    expect(script.unreadable[0]?.problem).toContain(problem)
    expect(script.statements).toHaveLength(2)
    expect(script.directives).toEqual([])
  })

  it('stands behind a statement, or before none', () => {
    const script = read(`SELECT 1; -- ${IGNORE}\nSELECT 2;\n-- ${IGNORE}\n`)
    expect(refused(script)).toEqual(['1:14 directive-invalid', '3:4 directive-invalid'])
    expect(script.directives).toEqual([])
  })
})
