import { refuse } from '../migration-error.ts'
import { nextPiece } from '../sql/splitter.ts'
import { attempt, quoteName } from './sql-client.ts'
import type { SqlClient, SqlRefusal } from './sql-client.ts'

/** How a schema is loaded. */
export interface LoadOptions {
  /** The whole server is ours: roles that the schema mentions are created. */
  readonly createRoles: boolean
  readonly signal: AbortSignal | undefined
}

interface Piece {
  readonly sql: string
  readonly line: number
}

/**
 * Loads what `pg_dump --schema-only` wrote, or the migrations of all time. Passes over what says nothing about tables: psql
 * commands, extensions that are not there, settings of other versions, owners and grants of roles that are not there.
 *
 * @returns what was passed over
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` with the words of the server
 */
export async function loadSchema(
  client: SqlClient,
  schema: string,
  { createRoles, signal }: LoadOptions,
): Promise<readonly string[]> {
  const notes: string[] = []
  for (const { sql, line } of pieces(schema)) {
    signal?.throwIfAborted()
    const refusal = await load(client, sql, createRoles)
    if (!refusal) continue
    if (!isPassable(sql, refusal)) {
      const problem = `${refusal.message} (${refusal.code}) in "${firstLine(sql)}"`
      throw refuse('CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED', { problem, place: `line ${line}` })
    }
    notes.push(`line ${line}: "${firstLine(sql)}" was passed over: ${refusal.message}`)
  }
  // A dump empties the search path for its session.
  await client.query('discard all')
  return notes
}

/** A subscription is known to the whole server, and keeps its database from being dropped. */
const SUBSCRIPTION = /^(create|alter) subscription\b/i

async function load(
  client: SqlClient,
  sql: string,
  createRoles: boolean,
): Promise<SqlRefusal | undefined> {
  if (SUBSCRIPTION.test(sql)) return { code: '0A000', message: 'subscriptions are left out' }
  return attemptWithRoles(client, sql, createRoles)
}

function* pieces(schema: string): Generator<Piece> {
  const text = schema.startsWith('\uFEFF') ? schema.slice(1) : schema
  let line = 1
  let counted = 0
  for (let at = 0; at < text.length;) {
    const { start, end, next, command } = nextPiece(text, at)
    if (start !== undefined && !command) {
      line += text.slice(counted, start).split('\n').length - 1
      counted = start
      yield { sql: text.slice(start, end), line }
    }
    at = Math.max(next, at + 1)
  }
}

const MISSING_ROLE = /role "([^"]+)" does not exist/

/** Runs it, and once more after the roles that it misses were created. */
async function attemptWithRoles(
  client: SqlClient,
  sql: string,
  createRoles: boolean,
): Promise<SqlRefusal | undefined> {
  const created = new Set<string>()
  for (;;) {
    const refusal = await attempt(client, sql)
    const role = refusal && missingRole(refusal)
    if (!role || !createRoles || created.has(role)) return refusal
    created.add(role)
    await createRole(client, role)
  }
}

/** The role that a statement missed. */
export function missingRole({
  code,
  message,
}: Pick<SqlRefusal, 'code' | 'message'>): string | undefined {
  return code === '42704' ? MISSING_ROLE.exec(message)?.[1] : undefined
}

/** Creates a role that nobody can log in as. It may do all, because a dump without roles tells nothing of their memberships. */
export async function createRole(client: SqlClient, role: string): Promise<void> {
  await attempt(client, `create role ${quoteName(role)} superuser`)
}

function isPassable(sql: string, refusal: SqlRefusal): boolean {
  if (SUBSCRIPTION.test(sql)) return true
  if (/^(create extension|comment on extension|alter extension)\b/i.test(sql)) return true
  if (/^(set|select pg_catalog\.set_config)\b/i.test(sql))
    return ['42704', '22023'].includes(refusal.code)
  if (/^create schema\b/i.test(sql)) return refusal.code === '42P06'
  // Roles are those of the whole server: another session may have made them.
  if (/^create (role|user|group)\b/i.test(sql)) return ['42710', '42501'].includes(refusal.code)
  const rights =
    /^(alter .* owner to|grant|revoke|alter default privileges|create policy)\b/is.test(sql)
  return rights && missingRole(refusal) !== undefined
}

function firstLine(sql: string): string {
  const [line = ''] = sql.split('\n')
  return line.length > 120 ? `${line.slice(0, 120)}...` : line
}
