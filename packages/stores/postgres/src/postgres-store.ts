import type { Store } from '@changeover/engine'
import { append } from './append.ts'
import { openDatabase } from './database.ts'
import { readFailure } from './failure.ts'
import { createGate } from './gate.ts'
import { giveBack, grantLease } from './leases.ts'
import { createListener } from './listener.ts'
import { parseOptions, type PostgresStoreOptions } from './options.ts'
import { readJournal } from './read.ts'
import { createReceiver } from './receive.ts'
import { forgetOld, listRollouts } from './rollouts.ts'
import { createSchema } from './schema.ts'
import { send } from './send.ts'
import { tablesOf } from './tables.ts'
import { watch } from './watch.ts'

/** A store in PostgreSQL: several engines, on several machines, may share it. */
export interface PostgresStore extends Store, AsyncDisposable {
  /**
   * Connects and makes the tables what this version needs. Every call does so by itself; this one finds out early.
   *
   * @throws ChangeoverError `CHANGEOVER_POSTGRES_SCHEMA_NEWER`, `CHANGEOVER_POSTGRES_SCHEMA_FAILED`,
   *   `CHANGEOVER_POSTGRES_UNREACHABLE`, `CHANGEOVER_POSTGRES_FAILED`
   */
  open(): Promise<void>
  watch: NonNullable<Store['watch']>
  send: NonNullable<Store['send']>
  receive: NonNullable<Store['receive']>
}

/**
 * Journals, leases and fences in PostgreSQL 15 or later. An append is one statement that looks at the lease, at the end of the
 * journal and at the chain under their locks; leases lapse by the database's clock alone. Each call is tried again for a few seconds
 * while the database cannot be reached, and the same entries again are no conflict, so that a reply that was lost does no harm.
 *
 * The tables come by guarded migrations at the first call. Nothing is connected before that.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; from its methods also
 *   `CHANGEOVER_POSTGRES_UNREACHABLE`, `CHANGEOVER_POSTGRES_FAILED`, `CHANGEOVER_POSTGRES_SCHEMA_FAILED`,
 *   `CHANGEOVER_POSTGRES_SCHEMA_NEWER`, `CHANGEOVER_STORE_CLOSED`, `CHANGEOVER_ENTRY_INVALID`, `CHANGEOVER_FENCE_STALE`; from
 *   `send` `CHANGEOVER_POSTGRES_UNANSWERED`
 * @example
 * ```ts
 * const store = postgresStore({ connection: 'postgres://deploy@db.internal/deploys' })
 * const engine = createEngine({ store, router, fleet })
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const settings = parseOptions(options)
  const { schema, clock, logger, retain } = settings
  const tables = tablesOf(schema)
  const gate = createGate(async () => {
    await Promise.all([listener.close(), receiver.close()])
    await database.close()
  })
  const database = openDatabase(settings, gate.closing)
  const ready = createSchema(settings, database)
  const connect = async (): ReturnType<typeof database.connect> => {
    await ready()
    return database.connect()
  }
  const listener = createListener({ schema, connect, clock, logger, timeoutMs: settings.timeoutMs })
  const shared = { database, tables, schema, listener, clock, logger, closing: gate.closing }
  const receiver = createReceiver(shared)
  const enter = <Result>(call: string, work: () => Promise<Result>): Promise<Result> =>
    gate.enter(call, async () => {
      await ready()
      return work()
    })

  const forget = async (finished: string): Promise<void> => {
    if (retain === undefined) return
    try {
      await forgetOld(database, tables, { finished, retain })
    } catch (error) {
      logger.warn(readFailure(error), 'old rollouts could not be deleted')
    }
  }
  return {
    name: 'postgres',
    open: () => gate.enter('open', ready),
    append: (rollout, expectedSeq, entries) =>
      enter('append', async () => {
        await append(database, tables, { rollout, expectedSeq, entries })
        if (entries.some(({ type }) => type === 'led')) receiver.look()
        if (entries.at(-1)?.type === 'finished') await forget(rollout)
      }),
    read: (rollout, { after } = {}) =>
      gate.stream('read', async function* () {
        await ready()
        yield* readJournal(database, tables, { rollout, after })
      }),
    rollouts: (filter = {}) => enter('rollouts', () => listRollouts(database, tables, filter)),
    lease: (service, holder, ttlMs) =>
      enter('lease', async () => {
        const lease = await grantLease(database, tables, { service, holder, ttlMs })
        receiver.serve(holder)
        return lease
      }),
    release: (lease) => enter('release', () => giveBack(database, tables, lease)),
    watch: (tell) => watch(shared, tell),
    send: (rollout, command, options) =>
      enter('send', () => send(shared, { rollout, command }, options)),
    receive: (handle) => receiver.receive(handle),
    close: gate.close,
    [Symbol.asyncDispose]: gate.close,
  }
}
