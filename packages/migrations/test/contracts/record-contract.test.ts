import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { eq, inArray } from 'drizzle-orm'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { DataSource, EntitySchema } from 'typeorm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadContract, recordContract } from '@changeover/migrations'
import type { ContractRecorder, RecordOptions } from '@changeover/migrations'
import { programs } from '../../../../test/debian-packages.ts'
import { startCluster } from '../../src/oracles/embedded-cluster.ts'
import type { Cluster } from '../../src/oracles/embedded-cluster.ts'

const found = await programs({
  command: '/usr/lib/postgresql/15/bin/postgres',
  package: 'postgresql-15',
})

const SCHEMA = `CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE users (id integer PRIMARY KEY, name varchar(50), mood mood);
INSERT INTO users VALUES (1, 'Ada', 'good'), (2, 'Bob', 'bad')`

/** A pool that has ended may still have connections on their way out; a server that ends them makes them throw. */
async function lastOneOut(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  const others =
    "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
  await vi.waitFor(async () => expect((await client.query(others)).rows).toEqual([]), {
    timeout: 10_000,
  })
  await client.end()
}

describe.skipIf(!found)('recordContract', () => {
  let cluster: Cluster
  let folder = ''
  let connection: pg.ClientConfig = {}
  const pools: pg.Pool[] = []
  beforeAll(async () => {
    const binaries = dirname(found?.[0] ?? '')
    cluster = await startCluster({
      initdb: join(binaries, 'initdb'),
      postgres: join(binaries, 'postgres'),
    })
    folder = await mkdtemp(join(tmpdir(), 'changeover-record-'))
    connection = { host: cluster.socket, user: cluster.user, database: 'postgres' }
    const client = new pg.Client(connection)
    await client.connect()
    await client.query(SCHEMA)
    await client.end()
  }, 60_000)
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await lastOneOut(connection)
    await cluster?.close()
    await rm(folder, { recursive: true, force: true })
  })

  function recorded(options: RecordOptions = {}): { pool: pg.Pool; recorder: ContractRecorder } {
    const pool = new pg.Pool(connection)
    pools.push(pool)
    return { pool, recorder: recordContract(pool, options) }
  }

  function textsOf(recorder: ContractRecorder): string[] {
    return recorder.contract().queries.map(({ sql }) => sql)
  }

  /** As `pg` is called in the old way. */
  function called(run: (done: (error: Error | undefined) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())))
  }

  test('takes in what goes through a pool, its clients and their transactions, by promise and by callback', async () => {
    const { pool, recorder } = recorded()
    await pool.query('SELECT 1 AS one')
    await called((done) => pool.query('SELECT 2 AS two', done))
    await called((done) => pool.query('SELECT $1::int AS three', [3], done))
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query({ text: 'SELECT 4 AS four' })
    await client.query('COMMIT')
    client.release()
    await called((done) =>
      pool.connect((error, other, release) => {
        if (error || !other) return done(error ?? new Error('no client'))
        other.query('SELECT 5 AS five', (failed: Error | undefined) => {
          release()
          done(failed)
        })
      }),
    )
    await client.query(new pg.Query('SELECT 6 AS six') as unknown as string)
    expect(textsOf(recorder)).toEqual([
      'SELECT $1::int AS three',
      'SELECT 1 AS one',
      'SELECT 2 AS two',
      'SELECT 4 AS four',
      'SELECT 5 AS five',
      'SELECT 6 AS six',
    ])
  })

  test('answers are those that would come without it, errors too', async () => {
    const { pool, recorder } = recorded()
    expect((await pool.query('SELECT name FROM users WHERE id = $1', [1])).rows).toEqual([
      { name: 'Ada' },
    ])
    await expect(pool.query('SELECT nothing FROM users')).rejects.toMatchObject({ code: '42703' })
    expect(textsOf(recorder)).toHaveLength(2)
  })

  test('knows what is named, and takes all for named where it is told to', async () => {
    const { pool, recorder } = recorded()
    await pool.query('SELECT 1')
    await pool.query({ name: 'one', text: 'SELECT 1' })
    await pool.query('SELECT 2')
    expect(recorder.contract().queries.map(({ named }) => named)).toEqual([true, false])
    const all = recorded({ named: 'all' })
    await all.pool.query('SELECT 1')
    expect(all.recorder.contract().queries.map(({ named }) => named)).toEqual([true])
  })

  test('keeps no values unless it is told to, and then those that were sent first', async () => {
    const secret = 'hunter2'
    const { pool, recorder } = recorded()
    await pool.query('SELECT 1 FROM users WHERE name = $1', [secret])
    expect(JSON.stringify(recorder.contract())).not.toContain(secret)
    const keeping = recorded({ values: 'first' })
    for (const ids of [
      [7, 8],
      [9, 10],
    ])
      await keeping.pool.query('SELECT 1 FROM users WHERE id IN ($1, $2) AND name = $3', [
        ...ids,
        'x',
      ])
    expect(keeping.recorder.contract().queries).toMatchObject([
      { sql: 'SELECT 1 FROM users WHERE id IN ($1) AND name = $2', values: [7, 'x'] },
    ])
  })

  test('leaves out what no release needs the schema for, and what it is told to', async () => {
    const { pool, recorder } = recorded({ ignore: [/users_tmp/g] })
    for (const sql of [
      'SET statement_timeout = 0',
      'SHOW server_version',
      'CREATE TEMP TABLE users_tmp (id int)',
      'SELECT * FROM pg_catalog.pg_class',
      'SELECT 1 FROM information_schema.tables',
      '/* x */ BEGIN; COMMIT',
    ])
      await pool.query(sql)
    const client = await pool.connect()
    await client.query('CREATE TEMP TABLE IF NOT EXISTS users_tmp (id int)')
    for (const _ of [1, 2]) await client.query('SELECT id FROM users_tmp')
    client.release()
    expect(textsOf(recorder)).toEqual([])
  })

  test('asks the server for the types when it saves, in the middle of nothing', async () => {
    const { pool, recorder } = recorded({ release: '1.0.0' })
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('SELECT id, name, mood FROM users WHERE mood = $1 AND id > $2', ['good', 0])
    await client.query('UPDATE users SET name = $1', ['x'])
    await client.query('SELECT 1 FROM nowhere').catch(() => {})
    await client.query('ROLLBACK')
    const path = join(folder, 'types.json')
    await recorder.save(path)
    client.release()
    const { release, queries } = await loadContract(path)
    expect(release).toBe('1.0.0')
    expect(queries.map(({ sql, parameters, result }) => ({ sql, parameters, result }))).toEqual([
      { sql: 'SELECT 1 FROM nowhere', parameters: [], result: undefined },
      {
        sql: 'SELECT id, name, mood FROM users WHERE mood = $1 AND id > $2',
        parameters: ['mood', 'integer'],
        result: [
          { name: 'id', type: 'integer' },
          { name: 'name', type: 'character varying(50)' },
          { name: 'mood', type: 'mood' },
        ],
      },
      { sql: 'UPDATE users SET name = $1', parameters: ['character varying'], result: [] },
    ])
  })

  test('leaves the pool as it was when it is closed, twice if need be', async () => {
    const pool = new pg.Pool(connection)
    pools.push(pool)
    const before = Object.getOwnPropertyNames(pool)
    const recorder = recordContract(pool)
    const client = await pool.connect()
    await client.query('SELECT 1')
    recorder.close()
    recorder.close()
    await client.query('SELECT 2')
    client.release()
    await pool.query('SELECT 3')
    expect(textsOf(recorder)).toEqual(['SELECT 1'])
    expect(Object.getOwnPropertyNames(pool)).toEqual(before)
    expect(Object.hasOwn(client, 'query')).toBe(false)
  })

  test('records one client alone, and all of a class', async () => {
    const prototype: unknown = Reflect.get(pg.Client.prototype, 'query')
    const one = new pg.Client(connection)
    const other = new pg.Client(connection)
    await Promise.all([one.connect(), other.connect()])
    const single = recordContract(one)
    const all = recordContract(pg.Client)
    await one.query('SELECT 1')
    await other.query('SELECT 2')
    single.close()
    all.close()
    await Promise.all([one.end(), other.end()])
    expect([textsOf(single), textsOf(all)]).toEqual([['SELECT 1'], ['SELECT 1', 'SELECT 2']])
    expect(Reflect.get(pg.Client.prototype, 'query')).toBe(prototype)
  })

  test('saves without types where the server is gone', async () => {
    const client = new pg.Client({ ...connection, host: '/nowhere' })
    const recorder = recordContract(client)
    client.query('SELECT 1').catch(() => {})
    await recorder.save(join(folder, 'gone.json'))
    expect(await loadContract(join(folder, 'gone.json'))).toMatchObject({
      queries: [{ sql: 'SELECT 1', parameters: [] }],
    })
  })

  test('a query that is a cursor or a stream is one', async () => {
    const sent: unknown[] = []
    const client = { query: (one: unknown) => void sent.push(one) }
    const recorder = recordContract(client)
    client.query({ text: 'SELECT 1', values: null, submit: () => {} })
    client.query({ cursor: { text: 'SELECT 2', values: [] }, submit: () => {} })
    client.query({ submit: () => {} })
    expect(textsOf(recorder)).toEqual(['SELECT 1', 'SELECT 2'])
    expect(sent).toHaveLength(3)
  })

  describe('through', () => {
    test('Kysely', async () => {
      const { pool, recorder } = recorded()
      const db = new Kysely<{ users: { id: number; name: string } }>({
        dialect: new PostgresDialect({ pool }),
      })
      await db.selectFrom('users').select('name').where('id', 'in', [1, 2]).execute()
      await db.selectFrom('users').select('name').where('id', 'in', [1, 2, 3]).execute()
      await db
        .transaction()
        .execute((trx) =>
          trx.updateTable('users').set({ name: 'Ada' }).where('id', '=', 1).execute(),
        )
      expect(textsOf(recorder)).toEqual([
        'select "name" from "users" where "id" in ($1)',
        'update "users" set "name" = $1 where "id" = $2',
      ])
    })

    test('Drizzle', async () => {
      const { pool, recorder } = recorded()
      const users = pgTable('users', { id: integer('id').primaryKey(), name: text('name') })
      const db = drizzle(pool)
      await db
        .select()
        .from(users)
        .where(inArray(users.id, [1, 2]))
      await db.select({ name: users.name }).from(users).prepare('names').execute()
      await db.transaction((tx) => tx.update(users).set({ name: 'Ada' }).where(eq(users.id, 1)))
      expect(recorder.contract().queries.map(({ sql, named }) => [sql, named])).toEqual([
        ['select "id", "name" from "users" where "users"."id" in ($1)', false],
        ['select "name" from "users"', true],
        ['update "users" set "name" = $1 where "users"."id" = $2', false],
      ])
    })

    // The client itself needs a program that only Prisma's own host serves; all that it asks goes through this adapter.
    test('the driver adapter of Prisma', async () => {
      const { pool, recorder } = recorded({ named: 'all' })
      const adapter = await new PrismaPg(pool).connect()
      const id = { scalarType: 'int', arity: 'scalar' } as const
      const name = { scalarType: 'string', arity: 'scalar' } as const
      const read =
        'SELECT "public"."users"."id" FROM "public"."users" WHERE "public"."users"."id" = $1'
      const write = 'UPDATE "public"."users" SET "name" = $1 WHERE "public"."users"."id" = $2'
      const { rows } = await adapter.queryRaw({ sql: read, args: [1], argTypes: [id] })
      expect(rows).toEqual([[1]])
      const transaction = await adapter.startTransaction()
      await transaction.executeRaw({ sql: write, args: ['Ada', 1], argTypes: [name, id] })
      await transaction.commit()
      await adapter.dispose()
      expect(recorder.contract().queries.map(({ sql, named }) => [sql, named])).toEqual([
        [read, true],
        [write, true],
      ])
    })

    test('Knex, which opens connections of its own', async () => {
      using recorder = recordContract(pg.Client)
      const db = knex({
        client: 'pg',
        connection: { host: cluster.socket, user: cluster.user, database: 'postgres' },
      })
      await db('users').where({ id: 1 }).select('name')
      await db.transaction((trx) => trx('users').where({ id: 1 }).update({ name: 'Ada' }))
      await db.destroy()
      expect(textsOf(recorder)).toEqual([
        'select "name" from "users" where "id" = $1',
        'update "users" set "name" = $1 where "id" = $2',
      ])
    })

    test('TypeORM, which opens a pool of its own', async () => {
      using recorder = recordContract(pg.Client)
      const users = new EntitySchema<{ id: number; name: string }>({
        name: 'users',
        columns: { id: { type: Number, primary: true }, name: { type: String } },
      })
      const source = await new DataSource({
        type: 'postgres',
        host: cluster.socket,
        username: cluster.user,
        database: 'postgres',
        entities: [users],
      }).initialize()
      await source.getRepository(users).findOneBy({ id: 1 })
      await source.transaction((manager) => manager.update(users, { id: 1 }, { name: 'Ada' }))
      const path = join(folder, 'typeorm.json')
      await recorder.save(path)
      await source.destroy()
      const { queries } = await loadContract(path)
      expect(queries.find(({ sql }) => sql.startsWith('UPDATE'))).toMatchObject({
        sql: 'UPDATE "users" SET "name" = $1 WHERE "id" = $2',
        parameters: ['character varying', 'integer'],
      })
      expect(queries.find(({ sql }) => sql.includes('FROM "users"'))?.result?.[0]).toEqual({
        name: 'users_id',
        type: 'integer',
      })
    })
  })
})

test.each<[string, unknown, object]>([
  ['query', {}, {}],
  ['values', { query: () => {} }, { values: 'all' }],
  ['ignore', { query: () => {} }, { ignore: ['x'] }],
  ['relese', { query: () => {} }, { relese: '1' }],
])('an option that means nothing is named: %s', (field, target, options) => {
  expect(() => recordContract(target as Parameters<typeof recordContract>[0], options)).toThrow(
    field,
  )
})
