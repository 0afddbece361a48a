import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { refusesTransaction } from '../../src/sql/refuses-transaction.ts'
import { read } from './reading.ts'

beforeAll(loadParser)

const refuses = (sql: string): boolean => refusesTransaction(read(sql).statements[0]!)

describe('inside a transaction the server', () => {
  it.each([
    'CREATE INDEX CONCURRENTLY i ON a (b)',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)',
    'DROP INDEX CONCURRENTLY i',
    'REINDEX INDEX CONCURRENTLY i',
    'REINDEX (VERBOSE, CONCURRENTLY) TABLE a',
    'REINDEX SCHEMA s',
    'REINDEX DATABASE',
    'REINDEX SYSTEM',
    'ALTER TABLE a DETACH PARTITION b CONCURRENTLY',
    'VACUUM',
    'VACUUM FULL a',
    'CLUSTER',
    'CREATE DATABASE d',
    'DROP DATABASE d',
    'ALTER DATABASE d SET TABLESPACE t',
    "CREATE TABLESPACE t LOCATION '/x'",
    'DROP TABLESPACE t',
    "ALTER SYSTEM SET work_mem = '1GB'",
    'DISCARD ALL',
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    'DROP SUBSCRIPTION s',
    'ALTER SUBSCRIPTION s REFRESH PUBLICATION',
    'ALTER SUBSCRIPTION s SET PUBLICATION p',
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
  ])('refuses %s', (sql) => {
    expect(refuses(sql)).toBe(true)
  })

  it.each([
    'CREATE INDEX i ON a (b)',
    'DROP INDEX i',
    'REINDEX TABLE a',
    'REINDEX (CONCURRENTLY FALSE) TABLE a',
    'ALTER TABLE a DETACH PARTITION b',
    'ALTER TABLE a DETACH PARTITION b FINALIZE',
    'ANALYZE a',
    'CLUSTER a USING i',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY m',
    'ALTER DATABASE d SET work_mem = 1',
    'DISCARD TEMP',
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
    'ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)',
    'ALTER SUBSCRIPTION s DISABLE',
    "ALTER TYPE t ADD VALUE 'x'",
    'COMMIT',
  ])('takes %s', (sql) => {
    expect(refuses(sql)).toBe(false)
  })
})
