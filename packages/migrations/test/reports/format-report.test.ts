import { stripVTControlCharacters } from 'node:util'
import { formatProof, formatReport } from '@changeover/migrations'
import type { CheckReport, ContractProof } from '@changeover/migrations'
import { expect, test } from 'vitest'
import { DROPPED, REPORT } from './sample-report.ts'

const EMPTY: CheckReport = { verdict: 'safe', findings: [], migrations: [] }

test('A report says by file what breaks, for whom, why, and what to do, and what it all comes to', () => {
  expect(formatReport(REPORT)).toBe(`./db/1.sql (tighten)
  ./db/1.sql:1:1  ignored  create-index-blocking
    Creating users_age keeps every write to users waiting.
    ignored: until 2.5.0: the table is small
    statement: CREATE INDEX users_age ON users (age)
  ./db/1.sql:2:1  note  create-unique-index
    From then on, two users of one age are refused.
    statement: CREATE UNIQUE INDEX CONCURRENTLY ON users (age)
    why: A release may write them.

db/2 drop, 100%.sql (contract, declared contract)
  db/2 drop, 100%.sql:3:5  unsafe  drop-column
    Release 1.0.0 can no longer run one of its queries.
    statement:
      ALTER TABLE users
          DROP COLUMN bio
    breaks: release 1.0.0
    query: SELECT id, bio FROM users
    server: column "bio" does not exist (42703)
    why: Queries that name the column are refused.
    instead:
      -- once 1.0.0 is gone:
      ALTER TABLE users DROP COLUMN bio;
  db/2 drop, 100%.sql:3:5  unsafe  drop-column
    Release 1.0.0 can no longer run one of its queries.
    statement:
      ALTER TABLE users
          DROP COLUMN bio
    breaks: release 1.1.0
    query: SELECT bio FROM users
    server: column "bio" does not exist (42703)

db/3.sql (expand)
  db/3.sql:1:7  unknown  syntax-error
    The file does not parse: syntax error at or near "TABEL".
    statement: ALTER TABEL users
    why: What cannot be read cannot be judged.
    instead:
      -- Correct the statement.

3 migrations: not safe to deploy (2 unsafe, 1 unknown, 1 note, 1 ignored).
Ignored: create-index-blocking until 2.5.0.
Point of no return: db/2 drop, 100%.sql:3. After it there is no way back to 1.0.0, 1.1.0.`)
})

test('Colours are asked for, and change nothing but colours', () => {
  const coloured = formatReport(REPORT, { color: true })
  expect(coloured).toContain('\u001B[31munsafe\u001B[0m')
  expect(stripVTControlCharacters(coloured)).toBe(formatReport(REPORT))
})

test('Nothing found is said too', () => {
  expect(formatReport(EMPTY)).toBe('0 migrations: safe to deploy (nothing found).')
})

test('What a statement hides with control characters is shown', () => {
  const statement = 'DROP TABLE users --\u001B[2K\r\u202E safe'
  const text = formatReport({ ...EMPTY, findings: [{ ...DROPPED, statement }] })
  expect(text).toContain('statement: DROP TABLE users --\\u001b[2K\\u202e safe')
})

test('Of a huge statement the beginning is shown', () => {
  const statement = `INSERT INTO users VALUES ${'(1), '.repeat(100_000)}`
  const text = formatReport({ ...EMPTY, findings: [{ ...DROPPED, statement }] })
  expect(text).toContain('INSERT INTO users VALUES (1), ')
  expect(text).toContain(' …')
  expect(text.length).toBeLessThan(3_000)
})

test('An exception that is used often is counted with its end', () => {
  const ignored = { ...DROPPED, ignored: { reason: 'gone', until: '2027-01-01' } }
  const text = formatReport({ ...EMPTY, findings: [ignored, ignored, ignored] })
  expect(text).toContain('Ignored: drop-column until 2027-01-01 (3 times).')
})

test('A proof names the step, the release, the query and the words of the server', () => {
  const error = { code: '42703', message: 'column "bio" does not exist' }
  const place = { migration: '2', file: 'db/2.sql', line: 3, statement: 'DROP …', error }
  const query = 'SELECT bio FROM users'
  const proof: ContractProof = {
    verdict: 'unsafe',
    broken: [
      { ...place, release: '1.0.0', query, when: 'fresh' },
      { ...place, release: '1.0.0', query, when: 'warm' },
    ],
    refused: { ...place, line: 4 },
    unproved: [{ query: 'SELECT nothing', error }],
    unexecuted: [{ query: 'INSERT …', error: { code: '23514', message: 'violates a check' } }],
  }
  expect(formatProof(proof)).toBe(`db/2.sql:3  breaks release 1.0.0: a query can no longer be run
  statement: DROP …
  query: SELECT bio FROM users
  server: column "bio" does not exist (42703)

db/2.sql:3  breaks release 1.0.0: a query fails in a statement prepared before
  statement: DROP …
  query: SELECT bio FROM users
  server: column "bio" does not exist (42703)

db/2.sql:4  the server refuses the step; nothing after it was run
  statement: DROP …
  server: column "bio" does not exist (42703)

did not run on the schema even before the first step; of it nothing is proved
  query: SELECT nothing
  server: column "bio" does not exist (42703)

the server understands it, and refuses the values that were made up; what it does to rows is not proved
  query: INSERT …
  server: violates a check (23514)

The contract is broken: 2 broken queries, a step refused by the server, 1 unproved, 1 proved in part.`)
})
