import type { Case } from './case.ts'
import { COMPAT, LOCK, SAFE } from './expectations.ts'

const FK =
  'ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID'

/** What several statements of one transaction do together. */
export const TRANSACTION_CASES: readonly Case[] = [
  {
    id: 'tx-not-valid-and-validate',
    sql: `BEGIN; ${FK}; ALTER TABLE orders VALIDATE CONSTRAINT f; COMMIT`,
    rule: 'validate-constraint-blocking',
    ...LOCK,
  },
  {
    id: 'tx-not-valid-then-validate',
    sql: `BEGIN; ${FK}; COMMIT; BEGIN; ALTER TABLE orders VALIDATE CONSTRAINT f; COMMIT`,
    rule: 'validate-constraint',
    ...SAFE,
  },
  {
    id: 'tx-validate-while-another-is-locked',
    setup: FK,
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; ALTER TABLE orders VALIDATE CONSTRAINT f; COMMIT',
    rule: 'validate-constraint-blocking',
    ...LOCK,
  },
  {
    id: 'tx-update-after-alter',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; UPDATE users SET phone = name; COMMIT',
    rule: 'unbatched-backfill',
    ...LOCK,
  },
  {
    id: 'tx-index-after-alter',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; CREATE INDEX ON users (phone); COMMIT',
    rule: 'create-index-blocking',
    ...LOCK,
  },
  {
    id: 'tx-scan-after-alter',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; CREATE TABLE copy AS SELECT * FROM users; COMMIT',
    rule: 'work-under-lock',
    ...LOCK,
  },
  {
    id: 'tx-fill-new-table-after-alter',
    sql: 'BEGIN; CREATE TABLE copy (id bigint); ALTER TABLE users ADD COLUMN phone text; INSERT INTO copy SELECT id FROM users; COMMIT',
    rule: 'work-under-lock',
    ...LOCK,
  },
  {
    id: 'tx-fill-new-table',
    sql: 'BEGIN; CREATE TABLE copy (id bigint); INSERT INTO copy SELECT id FROM users; COMMIT',
    rule: 'insert',
    ...SAFE,
  },
  {
    id: 'tx-insert-after-alter',
    sql: "BEGIN; ALTER TABLE users ADD COLUMN plan text; INSERT INTO catalog VALUES (900001, 'x'); COMMIT",
    rule: 'short-transaction',
    ...SAFE,
  },
  {
    id: 'tx-matview-index-after-alter',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; CREATE INDEX i ON user_stats (c); COMMIT',
    rule: 'work-under-lock',
    ...LOCK,
  },
  {
    id: 'tx-many-tables',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN a int; ALTER TABLE orders ADD COLUMN a int; COMMIT',
    rule: 'many-locks',
    ...SAFE,
  },
  {
    id: 'tx-in-do',
    sql: `DO $$ BEGIN ${FK}; ALTER TABLE orders VALIDATE CONSTRAINT f; END $$`,
    rule: 'validate-constraint-blocking',
    ...LOCK,
  },
  {
    id: 'tx-rolled-back-index',
    sql: 'BEGIN; CREATE INDEX i ON users (name); ROLLBACK',
    rule: 'create-index-blocking',
    ...LOCK,
  },
  {
    id: 'tx-rolled-back-rename',
    sql: 'BEGIN; ALTER TABLE users RENAME TO people; ROLLBACK',
    rule: 'rolled-back',
    ...SAFE,
  },
  {
    id: 'tx-left-open',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text',
    rule: 'begin-without-commit',
    ...LOCK,
  },
  {
    id: 'tx-closed',
    sql: 'BEGIN; ALTER TABLE users ADD COLUMN phone text; END',
    rule: 'transaction-control',
    ...SAFE,
  },
  {
    id: 'tx-prepared',
    sql: "BEGIN; ALTER TABLE users ADD COLUMN phone text; PREPARE TRANSACTION 'p'",
    rule: 'prepare-transaction',
    fails: true,
    ...LOCK,
  },
  {
    id: 'tx-rename-column-and-add',
    sql: 'BEGIN; ALTER TABLE users RENAME COLUMN legacy_code TO code; ALTER TABLE users ADD COLUMN legacy_code varchar(20); COMMIT',
    rule: 'rename-column',
    ...COMPAT,
  },
  {
    id: 'tx-view-around-column',
    sql: 'BEGIN; DROP VIEW active_users; ALTER TABLE users ADD COLUMN phone text; CREATE VIEW active_users AS SELECT id, email, name, phone FROM users; COMMIT',
    rule: 'recreate-view',
    ...SAFE,
  },
]
