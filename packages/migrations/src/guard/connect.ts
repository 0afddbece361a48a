import { importPeer } from '../oracles/peers.ts'
import type { PgTarget } from '../oracles/pg-client.ts'
import { refuse } from '../migration-error.ts'
import { isLost, rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'

/** Where the database is: a URL, what a `Client` of `pg` takes, or a function that connects a new one each time. */
export type GuardDatabase = PgTarget | (() => Promise<GuardClient>)

/** Opens connections to one database, each its own. */
export type Connect = () => Promise<GuardClient>

/** How to connect. `pg` is loaded at the first connection. */
export function connector(database: GuardDatabase, caller: string): Connect {
  if (typeof database === 'function') return database
  return async () => {
    const { default: pg } = await importPeer('pg', caller, () => import('pg'))
    const config = typeof database === 'string' ? { connectionString: database } : database
    const client = new pg.Client({
      application_name: 'changeover-guard',
      keepAlive: true,
      ...config,
    })
    // A connection that breaks while nothing is asked is met at the next query.
    client.on('error', () => {})
    await client.connect()
    return client
  }
}

/** Two connections: one that holds the lock and runs the steps, and one that watches it. */
export interface Session {
  readonly worker: GuardClient
  readonly watcher: GuardClient
  /** Of the worker, as the server counts. */
  readonly pid: number
  /** Major version of the server. */
  readonly serverVersion: number
  close(): Promise<void>
}

/**
 * Opens a session.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_POOLED` where a pooler stands in between
 */
export async function openSession(connect: Connect): Promise<Session> {
  const clients: GuardClient[] = []
  const close = async (): Promise<void> => {
    await Promise.allSettled(clients.map((client) => client.end()))
  }
  try {
    const worker = await connect()
    clients.push(worker)
    const watcher = await connect()
    clients.push(watcher)
    const pid = await refusePooler(worker, watcher)
    const [row] = await rowsOf<{ version: number }>(
      worker,
      "select current_setting('server_version_num')::int / 10000 as version",
    )
    return { worker, watcher, pid, serverVersion: row?.version ?? 0, close }
  } catch (error) {
    await close()
    throw error
  }
}

const LONGEST_ANSWER_MS = 15_000

/** A pooler of transactions gives the session of an idle client to the next one: another that holds a transaction open takes it. */
async function refusePooler(worker: GuardClient, watcher: GuardClient): Promise<number> {
  const first = await pidOf(worker)
  await watcher.query('begin')
  try {
    const other = await pidOf(watcher)
    if (first === other) throw pooled('two connections share one session')
    const second = await within(pidOf(worker), LONGEST_ANSWER_MS)
    if (second === undefined) throw pooled('no session is left for the first connection')
    if (first !== second) throw pooled(`session ${first} became ${second}`)
    return first
  } finally {
    await watcher.query('rollback')
  }
}

function pooled(evidence: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_POOLED', { evidence })
}

async function pidOf(client: GuardClient): Promise<number> {
  const [row] = await rowsOf<{ pid: number }>(client, 'select pg_backend_pid() as pid')
  return row?.pid ?? 0
}

async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    promise.catch(() => {})
  }
}

/** Sets what the server allows to be set; settings that this version does not know are passed over. */
export async function trySet(client: GuardClient, name: string, value: string): Promise<void> {
  try {
    await client.query(`set ${name} = '${value}'`)
  } catch (error) {
    if (isLost(error)) throw error
  }
}
