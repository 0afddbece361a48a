import { quoteName } from '../oracles/sql-client.ts'
import type { GuardClient } from './guard-client.ts'

/** The names of the guard's own tables, quoted. */
export interface GuardTables {
  /** Their schema, not quoted. */
  readonly schema: string
  readonly steps: string
  readonly backfills: string
  readonly floor: string
}

/** Tables in this schema. */
export function guardTables(schema: string): GuardTables {
  const table = (name: string): string => `${quoteName(schema)}.${name}`
  return {
    schema,
    steps: table('migration_steps'),
    backfills: table('backfills'),
    floor: table('schema_floor'),
  }
}

/** Makes what is not there yet. Under the lock of the guard: two that do this at once get in each other's way. */
export async function createTables(client: GuardClient, tables: GuardTables): Promise<void> {
  const { schema, steps, backfills, floor } = tables
  await client.query(`begin;
set local client_min_messages = warning;
set local lock_timeout = '10s';
create schema if not exists ${quoteName(schema)};
create table if not exists ${steps} (
  migration text not null, step integer not null, file text not null, checksum text not null, phase text not null,
  statement text not null, state text not null check (state in ('planned', 'running', 'done', 'failed')),
  token text, pid integer, attempt integer not null default 0, problem text, found boolean not null default false,
  planned_at timestamptz not null default clock_timestamp(), started_at timestamptz, ended_at timestamptz,
  primary key (migration, step));
create table if not exists ${backfills} (
  id text primary key, checksum text not null, state text not null check (state in ('running', 'done')),
  position text, rows bigint not null default 0, batches bigint not null default 0, passes integer not null default 0,
  token text, started_at timestamptz not null default clock_timestamp(), ended_at timestamptz);
create table if not exists ${floor} (
  service text primary key, release text not null, known text[] not null, migration text not null,
  set_at timestamptz not null default clock_timestamp());
grant usage on schema ${quoteName(schema)} to public;
grant select on ${floor} to public;
commit`)
}

/** Whether the tables were made already. */
export async function haveTables(
  client: GuardClient,
  { steps, floor }: GuardTables,
): Promise<boolean> {
  const { rows } = await client.query(
    'select to_regclass($1) is not null and to_regclass($2) is not null as there',
    [steps, floor],
  )
  return rows[0]?.['there'] === true
}
