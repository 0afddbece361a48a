import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'
import { migration, placed, read, refused } from './reading.ts'

beforeAll(loadParser)

const MARK = '\uFEFF'

describe('an ordinary file', () => {
  it('gives each statement with its kind, its text and its place', () => {
    const { statements, unreadable } = read('-- first\nSELECT 1;\n\n  DROP TABLE a ; ;\nSELECT 2')
    expect(placed(statements)).toEqual(['2:1 SELECT 1', '4:3 DROP TABLE a', '5:1 SELECT 2'])
    expect(statements.map(({ kind }) => kind)).toEqual(['SelectStmt', 'DropStmt', 'SelectStmt'])
    expect(statements.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(unreadable).toEqual([])
  })

  it.each(['', ' \n\t', '-- nothing\n', '/* not /* even */ this */', ' ; ; '])(
    'has no statements where it holds none: %j',
    (sql) => {
      expect(read(sql)).toEqual({
        statements: [],
        directives: [],
        unreadable: [],
        unclosed: undefined,
      })
    },
  )

  it('counts lines from where its tool says that the SQL begins', () => {
    const [script] = readScripts([migration('SELECT 1;\nDROP tabl a;', { firstLine: 40 })], 'none')
    expect(placed(script!.statements)).toEqual(['40:1 SELECT 1'])
    expect(refused(script!)).toEqual(['41:6 syntax-error'])
  })

  it('counts a line that ends with CR LF as one', () => {
    expect(placed(read('SELECT 1;\r\n-- c\r\nSELECT 2;\r\n').statements)).toEqual([
      '1:1 SELECT 1',
      '3:1 SELECT 2',
    ])
  })
})

describe('places', () => {
  // ü is one code unit and two bytes, the face two code units and four bytes.
  it.each(['ü', '😀', 'ü😀ü', 'a'])('are those of the editor behind %s', (text) => {
    const sql = `SELECT '${text}'; /* ${text} */ ALTER TABLE "${text}" ADD b int, DROP c;`
    const [, alter] = read(sql).statements
    expect(alter!.place).toEqual({ line: 1, column: sql.indexOf('ALTER') + 1 })
    const node = alter!.node as { AlterTableStmt: { relation: { location: number } } }
    const { location } = node.AlterTableStmt.relation
    expect(alter!.placeOf(location)).toEqual({ line: 1, column: sql.indexOf(`"${text}"`) + 1 })
  })

  it.each(['ü', '😀'])('of syntax errors are those of the editor behind %s', (text) => {
    const sql = `SELECT '${text}';\n/* ${text} */ SELECT '${text}' FROM FROM; SELECT 2`
    const script = read(sql)
    const column = sql.split('\n')[1]!.lastIndexOf('FROM') + 1
    expect(refused(script)).toEqual([`2:${column} syntax-error`])
  })

  it('of what has none are those of the statement', () => {
    const [statement] = read('  SELECT 1').statements
    expect(statement!.placeOf(undefined)).toEqual({ line: 1, column: 3 })
    expect(statement!.placeOf(-1)).toEqual({ line: 1, column: 3 })
  })
})

describe('a file with a mistake', () => {
  it('is read on behind it, in the words of the server', () => {
    const script = read('SELECT 1;\nDROP TABL a;\nCREATE TABLE b (id int;\nDROP TABLE c;')
    expect(placed(script.statements)).toEqual(['1:1 SELECT 1', '4:1 DROP TABLE c'])
    expect(refused(script)).toEqual(['2:6 syntax-error', '3:23 syntax-error'])
    expect(script.unreadable[0]).toMatchObject({
      problem: 'syntax error at or near "TABL"',
      statement: 'DROP TABL a',
    })
  })

  it('loses all that an open quote swallows', () => {
    const script = read("SELECT 1; SELECT 'open; DROP TABLE a;")
    expect(placed(script.statements)).toEqual(['1:1 SELECT 1'])
    expect(refused(script)).toEqual(['1:18 syntax-error'])
  })

  it('survives more parentheses than the server does', () => {
    const script = read(`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}; SELECT 2`)
    expect(script.statements.map(({ sql }) => sql)).toEqual(['SELECT 2'])
    expect(script.unreadable[0]?.problem).toContain('memory exhausted')
  })

  it.each([
    ['UPDATE a SET b = :val', ':val'],
    ['INSERT INTO a VALUES (?, ?)', '?'],
    ["SELECT :'name'", ":'name'"],
  ])('says so where %s holds a placeholder', (sql) => {
    const script = read(`${sql}; SELECT 2`)
    expect(script.unreadable).toHaveLength(1)
    expect(script.unreadable[0]?.problem).toContain('placeholder')
    expect(script.statements).toHaveLength(1)
  })

  it('takes the operator ? for what it is', () => {
    expect(refused(read("SELECT a ? 'b', a ?| '{c}'"))).toEqual([])
  })
})

describe('characters that deceive', () => {
  it('a NUL makes the whole file unreadable: the parser would stop there and call it good', () => {
    const script = read('SELECT 1;\n-- x\0\nDROP TABLE a;')
    expect(script.statements).toEqual([])
    expect(refused(script)).toEqual(['2:5 nul-byte'])
  })

  it('a byte order mark in front is no part of the file', () => {
    expect(placed(read(`${MARK}SELECT 1`).statements)).toEqual(['1:1 SELECT 1'])
  })

  it('a byte order mark inside makes another name of a name, and is refused', () => {
    const script = read(`SELECT 1; DROP TABLE ${MARK}a; SELECT '${MARK}' -- ${MARK}\n; SELECT 2`)
    expect(refused(script)).toEqual(['1:22 syntax-error'])
    expect(script.statements).toHaveLength(3)
  })

  it('half a character does not swallow the quote behind it', () => {
    const script = read(`SELECT '\uD800'; DROP TABLE a; SELECT '\uDC00'`)
    expect(script.statements.map(({ kind }) => kind)).toEqual([
      'SelectStmt',
      'DropStmt',
      'SelectStmt',
    ])
  })

  it('a blank that the server takes for a letter is not trimmed', () => {
    expect(read('DROP TABLE a\u00A0;').statements[0]?.sql).toBe('DROP TABLE a\u00A0')
  })
})

describe('what only psql understands', () => {
  it.each([
    String.raw`\i other.sql`,
    String.raw`\set a 1`,
    String.raw`\copy a FROM 'b'`,
    String.raw`\if true`,
  ])('%s is refused, and what follows is read', (command) => {
    const script = read(`SELECT 1;\n${command}\nSELECT 2;`)
    expect(refused(script)).toEqual(['2:1 psql-command'])
    expect(placed(script.statements)).toEqual(['1:1 SELECT 1', '3:1 SELECT 2'])
  })

  it('a command that ends a statement is refused with it', () => {
    const script = read('SELECT format(1) \\gexec\nSELECT 2;')
    expect(refused(script)).toEqual(['1:1 psql-command'])
    expect(placed(script.statements)).toEqual(['2:1 SELECT 2'])
  })

  it('what pg_dump writes around its output is skipped', () => {
    const script = read('\\restrict aB1\n\nSELECT 1;\n\n\\unrestrict aB1\n')
    expect(script.unreadable).toEqual([])
    expect(placed(script.statements)).toEqual(['3:1 SELECT 1'])
  })

  it('a backslash in a string is no command', () => {
    expect(refused(read(String.raw`SELECT '\i', E'\'', $$\q$$, "\x" -- \i`))).toEqual([])
  })

  it('the data of COPY FROM stdin is skipped', () => {
    const script = read("COPY a (b) FROM stdin;\n1;'\t/*\nDROP TABLE b;\n\\.\n\nSELECT 2;")
    expect(script.unreadable).toEqual([])
    expect(placed(script.statements)).toEqual(['1:1 COPY a (b) FROM stdin', '6:1 SELECT 2'])
  })

  it('data that would pass for a comment is skipped too', () => {
    const script = read('COPY a FROM stdin;\n/*\n\\.\nDROP TABLE b; --*/')
    expect(script.statements.map(({ kind }) => kind)).toEqual(['CopyStmt', 'DropStmt'])
  })

  it('without an end of data there is none: what follows is read', () => {
    const script = read('COPY a FROM stdin;\nDROP TABLE b;\n')
    expect(script.statements.map(({ kind }) => kind)).toEqual(['CopyStmt', 'DropStmt'])
  })
})

describe('what drizzle writes', () => {
  it('is split at its breakpoints, semicolon or not', () => {
    const script = read(
      'SELECT 1\n--> statement-breakpoint\nSELECT 2;--> statement-breakpoint\nSELECT 3',
    )
    expect(script.unreadable).toEqual([])
    expect(placed(script.statements)).toEqual(['1:1 SELECT 1', '3:1 SELECT 2', '4:1 SELECT 3'])
  })
})

describe('size', () => {
  it('a statement of more than a megabyte never reaches the parser', () => {
    const script = read(`SELECT 1;\nINSERT INTO a VALUES ('${'ü'.repeat(600_000)}');\nSELECT 2;`)
    expect(refused(script)).toEqual(['2:1 statement-too-large'])
    expect(script.unreadable[0]!.statement.length).toBeLessThan(1_000)
    expect(placed(script.statements)).toEqual(['1:1 SELECT 1', '3:1 SELECT 2'])
  })

  it('a large file of small statements is read', () => {
    const line = `INSERT INTO a (b) VALUES ('${'x'.repeat(970)}');\n`
    const script = read(line.repeat(2_000))
    expect(script.unreadable).toEqual([])
    expect(script.statements).toHaveLength(2_000)
    expect(script.statements.at(-1)?.place).toEqual({ line: 2_000, column: 1 })
  })
})
