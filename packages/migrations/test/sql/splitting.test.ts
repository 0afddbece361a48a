import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DraftScript } from '../../src/sql/draft.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { readPieces } from '../../src/sql/read-pieces.ts'
import { readWhole } from '../../src/sql/read-text.ts'
import { sourceText } from '../../src/sql/source-text.ts'
import type { Statement } from '../../src/sql/statement.ts'
import { placed, read } from './reading.ts'

beforeAll(loadParser)

const STATEMENTS = [
  'SELECT 1',
  "SELECT ';', 'it''s', ''",
  String.raw`SELECT E'a\';', e'\\', 'x\'`,
  "SELECT E'a'\n  'b\\';c'",
  "SELECT E'a'\r\f\n'b\\';c'",
  'SELECT $$;$$, $a$;$$;$a$, $ü$;$ü$, a$b$c FROM d',
  'SELECT $1 + $x$;$x$',
  'SELECT "a;""b" FROM "E"',
  "SELECT U&'\\0041;', B'1', X'1F', N'ä;'",
  'SELECT 1 -- ;\n + 2',
  "SELECT 1 /* ; /* ' */ ; */ + 2",
  'ALTER TABLE "ö😀" ADD COLUMN "ü" text DEFAULT \'😀;\'',
  'SELECT a->>$$b$$, a@>c, 5!=-1, a/-- x\n 2',
  'CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; DELETE FROM u)',
  'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END FROM t; SELECT 2; END',
  'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END',
  "CREATE FUNCTION g() RETURNS void LANGUAGE sql AS 'SELECT 1; SELECT 2'",
  'CREATE FUNCTION h() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM 1; END $f$',
  'DO $$ BEGIN DROP TABLE a; END $$',
  'BEGIN',
  'END',
  'begin isolation level serializable',
  "CREATE TABLE t (a int CHECK (a > 0 AND b <> ';'))",
  'SELECT x.case FROM x',
]
const SEPARATORS = [
  ';',
  ' ; ',
  ';;',
  ';\n',
  ';\r\n',
  '; -- c;\n',
  ';/* ; */',
  '\n;\n\n',
  '; -- 😀\n',
]
const FRONTS = ['', ' ', '-- head\n', '/* ü */ ', '\n\n', ';']

const files = fc
  .tuple(
    fc.constantFrom(...FRONTS),
    fc.array(fc.tuple(fc.constantFrom(...STATEMENTS), fc.constantFrom(...SEPARATORS)), {
      maxLength: 8,
    }),
    fc.constantFrom('', ...STATEMENTS),
  )
  .map(([front, middle, last]) => front + middle.flat().join('') + last)

/** The tree with places for offsets, and what else can be told apart. */
function shape(script: DraftScript): unknown {
  return script.drafts.map((draft) => ({ index: draft.index, shape: shapeOf(draft) }))
}

function shapeOf(statement: Statement): unknown {
  const { sql, kind, place, node, inner, dynamic } = statement
  const located = JSON.stringify(node, (key: string, value: unknown) =>
    typeof value === 'number' && /location/.test(key) && value > 0 && key !== 'stmt_location'
      ? statement.placeOf(value)
      : value,
  )
  return {
    sql,
    kind,
    place,
    dynamic,
    inner: inner.map(shapeOf),
    located: located.replaceAll(/"location":0,?/g, ''),
  }
}

describe('reading a file whole and reading it piece by piece', () => {
  it('come to the same', () => {
    let read = 0
    fc.assert(
      fc.property(files, (sql) => {
        const whole = readWhole(sourceText(sql, 1))
        const pieces = readPieces(sourceText(sql, 1))
        if (whole === undefined) return
        read += 1
        expect(pieces.unreadable).toEqual([])
        expect(shape(pieces)).toEqual(shape(whole))
      }),
      { numRuns: 400 },
    )
    expect(read).toBeGreaterThan(200)
  })

  it('agree that each statement of the list is good', () => {
    const counts = STATEMENTS.map((sql) => [
      readWhole(sourceText(sql, 1))?.drafts.length,
      readPieces(sourceText(sql, 1)).drafts.length,
    ])
    expect(counts).toEqual(STATEMENTS.map(() => [1, 1]))
  })
})

describe('piece by piece', () => {
  it('never throws, never goes round in circles and never counts a statement twice, whatever the text', () => {
    const junk = fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      "E'",
      '\\',
      '/*',
      '*/',
      '--',
      '\n',
      ';',
      '(',
      ')',
      'begin ',
      'x',
      ' ',
      'create function f() ',
      'atomic ',
      '😀',
      '\uD800',
    )
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 30 }), (parts) => {
        const sql = parts.join('')
        const { drafts, unreadable } = readPieces(sourceText(sql, 1))
        expect(drafts.length + unreadable.length).toBeLessThanOrEqual(sql.split(/[;\n]/).length)
      }),
      { numRuns: 500 },
    )
  })

  it('costs no more than a file is long, however often a string could go on', () => {
    const dashes = `SELECT E'a' ${'-'.repeat(5_000)}\n`
    const blanks = `SELECT E'a'${' '.repeat(5_000)};\n`
    const { statements } = read(`${dashes};${blanks.repeat(50)}SELECT x y z`)
    expect(placed(statements)).toHaveLength(51)
  })
})
