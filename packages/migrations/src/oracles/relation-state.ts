import type { LockMode } from '../rules/effect.ts'
import { rowsOf } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'

/** What the server says about one relation of the users, at one moment. Oids are texts. */
export interface RelationState {
  readonly oid: string
  /** `schema.name`, without quotes. */
  readonly name: string
  /** `relkind`: `r` table, `p` partitioned, `m` materialized view, `v` view, `i` and `I` index, `S` sequence, `f` foreign. */
  readonly kind: string
  /** Its storage; undefined where it has none. */
  readonly file: string | undefined
  readonly bytes: number
  /** For an index: the relation that it is on. */
  readonly on: string | undefined
  /** Rows or index entries read since the transaction began. */
  readonly read: number
  /** Scans begun since the transaction began. */
  readonly scans: number
  /** Rows updated or deleted since the transaction began. */
  readonly changed: number
  /** Rows at the last ANALYZE. */
  readonly rows: number
}

export type RelationStates = ReadonlyMap<string, RelationState>

const STATES = `
select c.oid, n.nspname || '.' || c.relname as name, c.relkind as kind, pg_relation_filenode(c.oid) as file,
  case when c.relkind in ('r', 'm') then pg_relation_size(c.oid) else 0 end as bytes, i.indrelid as on,
  pg_stat_get_xact_tuples_returned(c.oid) as read, pg_stat_get_xact_numscans(c.oid) as scans,
  pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid) as changed,
  greatest(c.reltuples, 0)::bigint as rows
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
where c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`

/** All relations of the users as they are now. */
export async function relationStates(client: SqlClient): Promise<RelationStates> {
  const rows = await rowsOf<Record<string, string | null>>(client, STATES)
  return new Map(rows.map((row) => [row['oid'] ?? '', toState(row)]))
}

function toState(row: Readonly<Record<string, string | null>>): RelationState {
  return {
    oid: row['oid'] ?? '',
    name: row['name'] ?? '',
    kind: row['kind'] ?? '',
    file: row['file'] ?? undefined,
    bytes: Number(row['bytes']),
    on: row['on'] ?? undefined,
    read: Number(row['read']),
    scans: Number(row['scans']),
    changed: Number(row['changed']),
    rows: Number(row['rows']),
  }
}

/** A lock that a session has, or waits for. */
export interface HeldLock {
  readonly oid: string
  readonly mode: LockMode
}

const MODES: ReadonlyMap<string, LockMode> = new Map([
  ['AccessShareLock', 'ACCESS SHARE'],
  ['RowShareLock', 'ROW SHARE'],
  ['RowExclusiveLock', 'ROW EXCLUSIVE'],
  ['ShareUpdateExclusiveLock', 'SHARE UPDATE EXCLUSIVE'],
  ['ShareLock', 'SHARE'],
  ['ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE'],
  ['ExclusiveLock', 'EXCLUSIVE'],
  ['AccessExclusiveLock', 'ACCESS EXCLUSIVE'],
])

/** Locks on relations of this database that a backend has or waits for. */
export async function locksOf(client: SqlClient, backend: string): Promise<HeldLock[]> {
  const rows = await rowsOf<{ readonly oid: string; readonly mode: string }>(
    client,
    `select relation as oid, mode from pg_catalog.pg_locks where locktype = 'relation' and pid = ${backend}
     and database = (select oid from pg_catalog.pg_database where datname = current_database())`,
  )
  return rows.flatMap(({ oid, mode }) => {
    const known = MODES.get(mode)
    return known ? [{ oid, mode: known }] : []
  })
}
