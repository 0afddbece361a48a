import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/read-scripts.ts'
import type { Script, Statement } from '../../src/sql/statement.ts'
import { placed, read, refused } from './reading.ts'

beforeAll(loadParser)

const block = (script: Script): Statement => script.statements.at(-1)!
const within = (body: string): Statement => block(read(`DO $$ ${body} $$`))

describe('inside a DO block', () => {
  it('each branch is seen, with its place in the file', () => {
    const sql = `SELECT 'ü';
DO $$
BEGIN
  IF x > 1 THEN ALTER TABLE a ADD b int;
  ELSIF y THEN DROP TABLE b;
  ELSE DROP TABLE "ü😀"; DROP TABLE c;
  END IF;
  CASE x WHEN 1 THEN DELETE FROM d; ELSE DELETE FROM e; END CASE;
  BEGIN DROP VIEW v; EXCEPTION WHEN others THEN DROP VIEW w; END;
  FOR r IN SELECT id FROM f LOOP UPDATE f SET a = r.id; END LOOP;
  WHILE z LOOP
    UPDATE g
       SET a = 1;
  END LOOP;
  PERFORM h(1), i();
  SELECT id INTO x FROM j;
  x := k(2);
END $$;`
    const script = read(sql.replace('BEGIN', 'DECLARE x int; y bool; z bool; r record; BEGIN'))
    expect(script.unreadable).toEqual([])
    const found = placed(block(script).inner).filter((one) => !one.includes('__Case'))
    expect(found).toEqual([
      '4:17 ALTER TABLE a ADD b int',
      '5:16 DROP TABLE b',
      '6:8 DROP TABLE "ü😀"',
      '6:26 DROP TABLE c',
      '8:22 DELETE FROM d',
      '8:42 DELETE FROM e',
      '9:9 DROP VIEW v',
      '9:49 DROP VIEW w',
      '10:12 SELECT id FROM f',
      '10:34 UPDATE f SET a = r.id',
      '12:5 UPDATE g\n       SET a = 1',
      '15:3 SELECT h(1), i()',
      '16:3 SELECT id        FROM j',
      '17:8 k(2)',
    ])
    expect(block(script).dynamic).toBe(false)
  })

  it('places in the trees of its statements are places in the file', () => {
    const sql = "SELECT 'ü'; DO $$ BEGIN PERFORM 'ü', f(1); ALTER TABLE ö DROP b; END $$"
    const [perform, alter] = block(read(sql)).inner
    const call = perform!.sql.indexOf('f(1)') + 1 // One byte more for the umlaut.
    expect(perform!.placeOf(call)).toEqual({ line: 1, column: sql.indexOf('f(1)') + 1 })
    const { relation } = (alter!.node as { AlterTableStmt: { relation: { location: number } } })
      .AlterTableStmt
    expect(alter!.placeOf(relation.location)).toEqual({
      line: 1,
      column: sql.indexOf('ö DROP') + 1,
    })
  })

  it('a text that EXECUTE is given as it stands is read', () => {
    const { inner, dynamic } = within(
      `BEGIN EXECUTE 'DROP TABLE a; DROP TABLE b'; EXECUTE $q$DROP VIEW c$q$; END`,
    )
    expect(inner.map(({ sql }) => sql)).toEqual(['DROP TABLE a', 'DROP TABLE b', 'DROP VIEW c'])
    expect(inner.map(({ kind }) => kind)).toEqual(['DropStmt', 'DropStmt', 'DropStmt'])
    expect(dynamic).toBe(false)
  })

  it.each([
    `BEGIN EXECUTE 'DROP TABLE ' || 'a'; END`,
    `BEGIN EXECUTE format('DROP TABLE %I', 'a'); END`,
    `DECLARE q text := 'DROP TABLE a'; BEGIN EXECUTE q; END`,
    `BEGIN EXECUTE (SELECT 'DROP TABLE a'); END`,
    `BEGIN EXECUTE 'DROP TABL a'; END`,
    `DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT ' || x LOOP NULL; END LOOP; END`,
    `DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT ' || x; END`,
    `BEGIN DO $i$ BEGIN EXECUTE 'DROP' || ' TABLE a'; END $i$; END`,
  ])('what is put together when it runs cannot be read: %s', (body) => {
    expect(within(body).dynamic).toBe(true)
  })

  it('blocks in blocks are read', () => {
    const { inner } = within('BEGIN DO $i$ BEGIN DROP TABLE a; END $i$; END')
    expect(placed(inner[0]!.inner)).toEqual(['1:26 DROP TABLE a'])
  })

  it('a body in plain quotes has its places, too', () => {
    const script = read("DO '\nBEGIN\n  UPDATE a SET b = ''x''; DROP TABLE c;\nEND'")
    expect(placed(block(script).inner)).toEqual(["3:3 UPDATE a SET b = 'x'", '3:27 DROP TABLE c'])
  })

  it('what is written in another language cannot be read', () => {
    const statement = block(read('DO LANGUAGE plpython3u $$ plpy.execute("DROP TABLE a") $$'))
    expect(statement).toMatchObject({ dynamic: true, inner: [] })
  })

  it('a mistake makes the block unreadable, and nothing else', () => {
    const script = read('DO $$ BEGIN DROP TABL a; END $$; SELECT 1')
    expect(refused(script)).toEqual(['1:1 syntax-error'])
    expect(placed(script.statements)).toEqual(['1:34 SELECT 1'])
  })
})

describe('the transaction of a DO block', () => {
  it('is one for all that is inside', () => {
    const [alone, inside] = read(
      'DO $$ BEGIN DROP TABLE a; DROP TABLE b; END $$; SELECT 1',
    ).statements
    const numbers = alone!.inner.map(({ transaction }) => transaction)
    expect(numbers).toEqual([alone!.transaction, alone!.transaction])
    expect(alone!.transaction).toBeTypeOf('number')
    expect(inside!.transaction).toBeUndefined()
  })

  it('ends where the block commits', () => {
    const { inner } = within('BEGIN UPDATE a SET b = 1; COMMIT; UPDATE a SET b = 2; END')
    const [first, commit, second] = inner.map(({ transaction }) => transaction)
    expect(inner[1]?.kind).toBe('TransactionStmt')
    expect(commit).toBe(first)
    expect(second).toBeGreaterThan(first!)
  })
})
