import type { CheckReport, Finding } from '@changeover/migrations'

export const DROPPED: Finding = {
  rule: 'drop-column',
  classes: ['compat'],
  verdict: 'unsafe',
  phase: 'contract',
  migration: '2',
  file: 'db/2 drop, 100%.sql',
  line: 3,
  column: 5,
  statement: 'ALTER TABLE users\n    DROP COLUMN bio',
  message: 'Release 1.0.0 can no longer run one of its queries.',
  why: 'Queries that name the column are refused.',
  fix: '-- once 1.0.0 is gone:\nALTER TABLE users DROP COLUMN bio;',
  release: '1.0.0',
  query: 'SELECT id, bio FROM users',
  error: { code: '42703', message: 'column "bio" does not exist' },
}

const INDEXED: Finding = {
  rule: 'create-index-blocking',
  classes: ['lock'],
  verdict: 'unsafe',
  phase: 'expand',
  migration: '1',
  file: './db/1.sql',
  line: 1,
  column: 1,
  statement: 'CREATE INDEX users_age ON users (age)',
  message: 'Creating users_age keeps every write to users waiting.',
  why: 'It holds a SHARE lock.',
  fix: 'CREATE INDEX CONCURRENTLY users_age ON users (age);',
  ignored: { reason: 'the table is small', until: '2.5.0' },
}

const NOTED: Finding = {
  ...INDEXED,
  rule: 'create-unique-index',
  verdict: 'safe',
  line: 2,
  phase: 'tighten',
  statement: 'CREATE UNIQUE INDEX CONCURRENTLY ON users (age)',
  message: 'From then on, two users of one age are refused.',
  why: 'A release may write them.',
  fix: '-',
}

const UNREAD: Finding = {
  rule: 'syntax-error',
  classes: [],
  verdict: 'unknown',
  phase: 'expand',
  migration: '3',
  file: 'db/3.sql',
  line: 1,
  column: 7,
  statement: 'ALTER TABEL users',
  message: 'The file does not parse: syntax error at or near "TABEL".',
  why: 'What cannot be read cannot be judged.',
  fix: '-- Correct the statement.',
}

function without(finding: Finding, key: 'ignored'): Finding {
  const { [key]: _, ...rest } = finding
  return rest
}

/** One of each: unsafe (for two releases), unknown, a note and one that is ignored. */
export const REPORT: CheckReport = {
  verdict: 'unsafe',
  findings: [
    INDEXED,
    without(NOTED, 'ignored'),
    DROPPED,
    { ...DROPPED, release: '1.1.0', query: 'SELECT bio FROM users' },
    UNREAD,
  ],
  migrations: [
    { id: '1', file: './db/1.sql', verdict: 'safe', phase: 'tighten' },
    {
      id: '2',
      file: 'db/2 drop, 100%.sql',
      verdict: 'unsafe',
      phase: 'contract',
      declared: 'contract',
    },
    { id: '3', file: 'db/3.sql', verdict: 'unknown', phase: 'expand' },
  ],
  pointOfNoReturn: {
    migration: '2',
    file: 'db/2 drop, 100%.sql',
    line: 3,
    releases: ['1.0.0', '1.1.0'],
  },
}
