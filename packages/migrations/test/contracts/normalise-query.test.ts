import { beforeAll, expect, test } from 'vitest'
import { normaliseQuery } from '../../src/contracts/normalise-query.ts'
import { loadParser, parseSql } from '../../src/sql/parser.ts'

beforeAll(loadParser)

test.each<[string, string, string]>([
  ['white space', '  SELECT\n\t a ,b\n FROM  t ; ', 'SELECT a ,b FROM t'],
  ['comments', 'SELECT 1 -- one\n, /* two /* three */ */ 2', 'SELECT 1 , 2'],
  ['a comment at the beginning', '/* app:web */ SELECT 1', 'SELECT 1'],
  ['comments of a tracer at the end', "SELECT 1 /*traceparent='00-1'*/", 'SELECT 1'],
  [
    'no literal',
    `SELECT '  -- a'';' , E'\\'  /*', "a  b", $$ -- x $$, $q$ $$ ' $q$`,
    `SELECT '  -- a'';' , E'\\'  /*', "a  b", $$ -- x $$, $q$ $$ ' $q$`,
  ],
  ['not the line end that joins two strings', "SELECT 'a'\n  'b'", "SELECT 'a'\n'b'"],
  [
    'long lists',
    'SELECT * FROM t WHERE a IN ($1, $2, $3) AND b = $4',
    'SELECT * FROM t WHERE a IN ($1) AND b = $2',
  ],
  [
    'no list of one',
    'SELECT * FROM t WHERE a in ($2) AND b = $1',
    'SELECT * FROM t WHERE a in ($2) AND b = $1',
  ],
  ['no list of literals', 'SELECT 1 WHERE 1 IN (1, 2)', 'SELECT 1 WHERE 1 IN (1, 2)'],
  [
    'many rows',
    'INSERT INTO t (a, b, c) VALUES ($1, default, $2), ($3, default, $4) RETURNING a',
    'INSERT INTO t (a, b, c) VALUES ($1, default, $2) RETURNING a',
  ],
  [
    'no rows that differ',
    'INSERT INTO t VALUES ($1, 1), ($2, 2)',
    'INSERT INTO t VALUES ($1, 1), ($2, 2)',
  ],
  [
    'rows of calls',
    'INSERT INTO t VALUES (lower($1), ($2)), (lower($3), ($4))',
    'INSERT INTO t VALUES (lower($1), ($2))',
  ],
])('takes out %s', (_, sql, expected) => {
  expect(normaliseQuery(sql).sql).toBe(expected)
  expect(normaliseQuery(expected).sql).toBe(expected)
  expect(parseSql(expected)).toHaveLength(1)
})

test('tells which parameters stayed', () => {
  expect(
    normaliseQuery('SELECT 1 FROM t WHERE a IN ($2, $3) AND b = $4 AND c = $1').parameters,
  ).toEqual([1, 2, 4])
})

test('texts that end in the middle of something are left alone, and end', () => {
  for (const sql of [
    "SELECT 'a",
    'SELECT "a',
    'SELECT $$a',
    'SELECT /* a',
    "SELECT E'a\\",
    'SELECT 1 IN (',
    'VALUES (',
  ])
    expect(normaliseQuery(normaliseQuery(sql).sql).sql).toBe(normaliseQuery(sql).sql)
})
