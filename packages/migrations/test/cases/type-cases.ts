import type { Case } from './case.ts'
import { COMPAT_LOCK, LOCK, REFUSED, SAFE } from './expectations.ts'

const REWRITE = { rule: 'change-type-rewrite', ...COMPAT_LOCK }
const FREE = { rule: 'change-type-safe', ...SAFE }

/** Types of columns that change. */
export const TYPE_CASES: readonly Case[] = [
  { id: 'type-int-bigint', sql: 'ALTER TABLE accounts ALTER COLUMN flags TYPE bigint', ...REWRITE },
  { id: 'type-json-jsonb', sql: 'ALTER TABLE accounts ALTER COLUMN meta TYPE jsonb', ...REWRITE },
  {
    id: 'type-varchar-wider',
    sql: 'ALTER TABLE users ALTER COLUMN legacy_code TYPE varchar(120)',
    ...FREE,
  },
  {
    id: 'type-varchar-narrower',
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE varchar(7)',
    ...REWRITE,
  },
  {
    id: 'type-varchar-unlimited',
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE varchar',
    ...FREE,
  },
  { id: 'type-varchar-text', sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE text', ...FREE },
  {
    id: 'type-text-varchar-limit',
    sql: 'ALTER TABLE users ALTER COLUMN bio TYPE varchar(200)',
    ...REWRITE,
  },
  { id: 'type-text-char', sql: 'ALTER TABLE users ALTER COLUMN bio TYPE char(10)', ...REWRITE },
  {
    id: 'type-char-wider',
    setup: 'ALTER TABLE users ADD COLUMN c char(3)',
    sql: 'ALTER TABLE users ALTER COLUMN c TYPE char(5)',
    ...REWRITE,
  },
  {
    id: 'type-char-text',
    setup: 'ALTER TABLE users ADD COLUMN c char(3)',
    sql: 'ALTER TABLE users ALTER COLUMN c TYPE text',
    ...REWRITE,
  },
  {
    id: 'type-same',
    sql: 'ALTER TABLE users ALTER COLUMN bio TYPE text',
    rule: 'change-type-same',
    ...SAFE,
  },
  {
    id: 'type-numeric-wider',
    sql: 'ALTER TABLE accounts ALTER COLUMN balance TYPE numeric(14,2)',
    ...FREE,
  },
  {
    id: 'type-numeric-unlimited',
    sql: 'ALTER TABLE accounts ALTER COLUMN balance TYPE numeric',
    ...FREE,
  },
  {
    id: 'type-numeric-scale',
    sql: 'ALTER TABLE accounts ALTER COLUMN balance TYPE numeric(14,4)',
    ...REWRITE,
  },
  {
    id: 'type-numeric-limited',
    sql: 'ALTER TABLE billing.invoices ALTER COLUMN amount TYPE numeric(12,2)',
    ...REWRITE,
  },
  { id: 'type-cidr-inet', sql: 'ALTER TABLE accounts ALTER COLUMN ip TYPE inet', ...FREE },
  {
    id: 'type-inet-cidr',
    setup: "ALTER TABLE accounts ADD COLUMN host inet DEFAULT '10.0.0.1'",
    sql: 'ALTER TABLE accounts ALTER COLUMN host TYPE cidr',
    ...REWRITE,
  },
  { id: 'type-uuid-text', sql: 'ALTER TABLE accounts ALTER COLUMN ref TYPE text', ...REWRITE },
  {
    id: 'type-timestamp-utc',
    sql: "SET timezone = 'UTC'; ALTER TABLE accounts ALTER COLUMN opened_on TYPE timestamptz",
    ...FREE,
  },
  {
    id: 'type-timestamp-precision',
    setup: 'ALTER TABLE accounts ADD COLUMN t timestamp(3)',
    sql: 'ALTER TABLE accounts ALTER COLUMN t TYPE timestamp(6)',
    ...FREE,
  },
  {
    id: 'type-timestamp-less-precise',
    sql: 'ALTER TABLE accounts ALTER COLUMN opened_on TYPE timestamp(0)',
    ...REWRITE,
  },
  {
    id: 'type-timestamp-date',
    sql: 'ALTER TABLE accounts ALTER COLUMN opened_on TYPE date',
    ...REWRITE,
  },
  {
    id: 'type-using-same',
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE text USING code::text',
    ...FREE,
  },
  {
    id: 'type-using-computed',
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE text USING upper(code)',
    ...REWRITE,
  },
  {
    id: 'type-using-int',
    sql: "ALTER TABLE users ALTER COLUMN legacy_code TYPE int USING nullif(substr(legacy_code, 2), '')::int",
    ...REWRITE,
  },
  {
    id: 'type-enum-text',
    sql: "ALTER TABLE orders ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE text, ALTER COLUMN state SET DEFAULT 'new'",
    ...REWRITE,
  },
  {
    id: 'type-plain-domain',
    setup: 'CREATE DOMAIN any_text AS text',
    sql: 'ALTER TABLE users ALTER COLUMN bio TYPE any_text',
    ...FREE,
  },
  {
    id: 'type-constrained-domain',
    sql: 'ALTER TABLE users ALTER COLUMN bio TYPE short_text',
    ...REWRITE,
  },
  {
    id: 'type-domain-base',
    setup: 'ALTER TABLE users ADD COLUMN motto short_text',
    sql: 'ALTER TABLE users ALTER COLUMN motto TYPE text',
    ...FREE,
  },
  {
    id: 'type-used-by-view',
    sql: 'ALTER TABLE users ALTER COLUMN name TYPE text',
    rule: 'server-refuses',
    ...REFUSED,
  },
  {
    id: 'type-checked',
    sql: 'ALTER TABLE orders ALTER COLUMN total TYPE numeric(14,2)',
    rule: 'change-type-checked',
    ...LOCK,
  },
  {
    id: 'type-collation-indexed',
    sql: 'ALTER TABLE orders ALTER COLUMN ext_ref TYPE text COLLATE "C"',
    rule: 'change-type-reindex',
    ...LOCK,
  },
  {
    id: 'type-collation-plain',
    sql: 'ALTER TABLE orders ALTER COLUMN note TYPE text COLLATE "C"',
    ...FREE,
  },
  {
    id: 'type-timestamp-indexed',
    setup: 'CREATE INDEX opened_idx ON accounts (opened_on)',
    sql: "SET timezone = 'UTC'; ALTER TABLE accounts ALTER COLUMN opened_on TYPE timestamptz",
    rule: 'change-type-reindex',
    ...LOCK,
  },
  {
    id: 'type-partial-index',
    setup: "CREATE INDEX code_idx ON accounts (id) WHERE code = 'x'",
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE varchar(20)',
    rule: 'change-type-reindex',
    ...LOCK,
  },
  {
    id: 'type-expression-index',
    setup: 'CREATE INDEX code_idx ON accounts (lower(code))',
    sql: 'ALTER TABLE accounts ALTER COLUMN code TYPE varchar(20)',
    rule: 'change-type-reindex',
    ...LOCK,
  },
  {
    id: 'type-array-wider',
    setup: 'ALTER TABLE users ADD COLUMN tags varchar(10)[]',
    sql: 'ALTER TABLE users ALTER COLUMN tags TYPE varchar(20)[]',
    ...REWRITE,
  },
  {
    id: 'type-varbit-wider',
    setup: 'ALTER TABLE users ADD COLUMN b varbit(5)',
    sql: 'ALTER TABLE users ALTER COLUMN b TYPE varbit(9)',
    ...FREE,
  },
  {
    id: 'type-bit-wider',
    setup: 'ALTER TABLE users ADD COLUMN b bit(5)',
    sql: 'ALTER TABLE users ALTER COLUMN b TYPE bit(9)',
    ...REWRITE,
  },
  {
    id: 'type-interval-unlimited',
    setup: 'ALTER TABLE users ADD COLUMN i interval(2)',
    sql: 'ALTER TABLE users ALTER COLUMN i TYPE interval',
    ...FREE,
  },
  {
    id: 'type-xml-text',
    setup: 'ALTER TABLE users ADD COLUMN x xml',
    sql: 'ALTER TABLE users ALTER COLUMN x TYPE text',
    ...FREE,
  },
  { id: 'type-int-oid', sql: 'ALTER TABLE accounts ALTER COLUMN flags TYPE oid', ...FREE },
  {
    id: 'type-referenced',
    sql: 'DROP VIEW active_users; ALTER TABLE users ALTER COLUMN id TYPE int',
    ...REWRITE,
  },
  { id: 'type-referencing', sql: 'ALTER TABLE orders ALTER COLUMN user_id TYPE int', ...REWRITE },
  {
    id: 'type-partitioned',
    sql: 'ALTER TABLE events ALTER COLUMN kind TYPE varchar(10)',
    ...REWRITE,
  },
  {
    id: 'type-just-added',
    sql: 'ALTER TABLE users ADD COLUMN n int; ALTER TABLE users ALTER COLUMN n TYPE bigint',
    rule: 'change-type-rewrite',
    ...LOCK,
  },
  {
    id: 'type-of-new-table',
    sql: 'CREATE TABLE fresh (a int); ALTER TABLE fresh ALTER COLUMN a TYPE bigint',
    rule: 'alter-new-table',
    ...SAFE,
  },
  {
    id: 'type-of-partition',
    sql: 'ALTER TABLE events_2025 ALTER COLUMN kind TYPE varchar',
    rule: 'server-refuses',
    ...REFUSED,
  },
  {
    id: 'type-of-partition-key',
    sql: 'ALTER TABLE events ALTER COLUMN at TYPE timestamptz(3)',
    rule: 'server-refuses',
    verdict: 'unsafe',
    classes: ['compat', 'lock'],
    fails: true,
  },
  {
    id: 'type-generated-from',
    setup: 'ALTER TABLE users ADD COLUMN low text GENERATED ALWAYS AS (lower(bio)) STORED',
    sql: 'ALTER TABLE users ALTER COLUMN bio TYPE varchar',
    rule: 'server-refuses',
    ...REFUSED,
  },
]
