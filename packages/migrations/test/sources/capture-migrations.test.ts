import { promises as fs } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import knex from 'knex'
import { FileMigrationProvider, Kysely, Migrator, PostgresDialect } from 'kysely'
import { runner as nodePgMigrate } from 'node-pg-migrate'
import { DataSource } from 'typeorm'
import { Umzug, memoryStorage } from 'umzug'
import {
  captureMigrations,
  checkMigrations,
  knexRunner,
  kyselyRunner,
  nodePgMigrateRunner,
  transactionsOf,
  typeormRunner,
  umzugRunner,
} from '@changeover/migrations'
import type { MigrationRunner, SchemaOracle } from '@changeover/migrations'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quickDirectory } from '../oracles/servers.ts'
import { embeddedPostgresOracle } from '../../src/oracles/embedded-postgres.ts'
import { pgliteOracle } from '../../src/oracles/pglite.ts'
// @ts-expect-error -- a project in JavaScript
import * as typeormMigrations from '../fixtures/projects/typeorm/migrations.mjs'

const projects = fileURLToPath(new URL('../fixtures/projects', import.meta.url))
const people = 'CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL)'

let postgres: SchemaOracle
beforeAll(async () => {
  postgres = await embeddedPostgresOracle(quickDirectory())
})
afterAll(() => postgres.close())

function kyselyProject(disableTransactions = false): MigrationRunner {
  const migrationFolder = path.join(projects, 'kysely/migrations')
  const files = new FileMigrationProvider({ fs, path, migrationFolder })
  return kyselyRunner(files, (pool, provider) => {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
    return new Migrator({ db, provider, disableTransactions })
  })
}

const knexProject = knexRunner((connection) => {
  const directory = path.join(projects, 'knex/migrations')
  return knex({ client: 'pg', connection, migrations: { directory, loadExtensions: ['.cjs'] } })
})

const umzugProject = umzugRunner((pool) => {
  const glob = ['migrations/*.mjs', { cwd: path.join(projects, 'umzug') }] as [
    string,
    { cwd: string },
  ]
  return new Umzug({
    migrations: { glob },
    context: pool,
    storage: memoryStorage(),
    logger: undefined,
  })
})

function nodePgMigrateProject(singleTransaction: boolean): MigrationRunner {
  const dir = path.join(projects, 'node-pg-migrate/migrations')
  return nodePgMigrateRunner(nodePgMigrate, {
    dir,
    migrationsTable: 'pgmigrations',
    singleTransaction,
  })
}

function typeormProject(mode: 'all' | 'each' | 'none' = 'all'): MigrationRunner {
  const migrations = Object.values<new () => never>(typeormMigrations)
  return typeormRunner((driver) => {
    return new DataSource({ type: 'postgres', driver, migrations, migrationsTransactionMode: mode })
  })
}

test('Kysely: values are written in, what belongs to its own tables is left out, and all share one transaction', async () => {
  const migrations = await captureMigrations(kyselyProject(), { oracle: postgres })
  expect(migrations).toEqual([
    {
      id: '001-people',
      file: '001-people',
      sql: 'create table "people" ("id" bigint generated always as identity primary key, "name" text not null);\n',
    },
    {
      id: '002-first-person',
      file: '002-first-person',
      sql: `insert into "people" ("name") values ('O''Hara');\ncreate index "people_name" on "people" ("name");\n`,
    },
  ])
  expect(transactionsOf(migrations)).toBe('all')
  const report = await checkMigrations({
    schema: 'CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL)',
    migrations: migrations.slice(1),
  })
  expect(report.findings).toMatchObject([
    { verdict: 'unsafe', migration: '002-first-person', line: 2 },
  ])
})

test('Kysely without transactions: each statement is its own', async () => {
  const migrations = await captureMigrations(kyselyProject(true), { oracle: postgres })
  expect(migrations.map(({ transaction }) => transaction)).toEqual(['none', 'none'])
  expect(transactionsOf(migrations)).toBe('each')
})

test('Knex: one that wants no transaction gives each of the others its own', async () => {
  const migrations = await captureMigrations(knexProject, {
    oracle: postgres,
    file: (id) => `db/${id}`,
  })
  expect(migrations.map(({ id, file, transaction }) => [id, file, transaction])).toEqual([
    ['001-people.cjs', 'db/001-people.cjs', 'own'],
    ['002-index.cjs', 'db/002-index.cjs', 'none'],
    ['003-city.cjs', 'db/003-city.cjs', 'own'],
  ])
  expect(migrations[1]?.sql).toBe('create index concurrently people_name on people (name);\n')
  expect(migrations[2]?.sql).toContain(
    `update "people" set "city" = 'Rome', "name" = 'Anna' where "name" = 'Ann';`,
  )
})

test('Knex: those that the schema holds already are not run, and only what is pending decides on the transaction', async () => {
  const schema = `${people};\nCREATE INDEX people_name ON people (name);`
  const applied = ['001-people.cjs', '002-index.cjs']
  const migrations = await captureMigrations(knexProject, { oracle: postgres, schema, applied })
  expect(migrations.map(({ id, transaction }) => [id, transaction])).toEqual([
    ['003-city.cjs', 'own'],
  ])
})

test('Umzug: a transaction that the migration itself opens stays in its text', async () => {
  const migrations = await captureMigrations(umzugProject, { oracle: postgres })
  expect(migrations).toMatchObject([
    {
      id: '001-people.mjs',
      transaction: 'none',
      file: expect.stringMatching(/umzug\/migrations\/001-people\.mjs$/) as string,
    },
    {
      id: '002-rename.mjs',
      transaction: 'none',
      sql: `begin;\nalter table people rename column name to full_name;\ninsert into people (id, full_name) values ('1000000', 'Ann');\ncommit;\n`,
    },
  ])
  const report = await checkMigrations({ schema: people, migrations: migrations.slice(1) })
  expect(report.findings).toMatchObject([{ rule: 'rename-column', verdict: 'unsafe', line: 2 }])
})

describe('node-pg-migrate', () => {
  test('each with its own transaction, but for the one that wants none', async () => {
    const migrations = await captureMigrations(nodePgMigrateProject(false), {
      oracle: postgres,
      file: (id) => `db/${id}`,
    })
    expect(migrations[0]?.file).toBe('db/001-people')
    expect(migrations.map(({ id, transaction }) => [id, transaction])).toEqual([
      ['001-people', 'own'],
      ['002-city', 'own'],
      ['003-index', 'none'],
      ['004-drop', 'own'],
    ])
    expect(migrations[3]?.sql).toMatch(/^ALTER TABLE "people"\s+DROP "city";\n$/)
    expect(migrations.map(({ sql }) => sql).join('')).not.toContain('pgmigrations')
  })

  test('one transaction for all is broken by the one that wants none', async () => {
    const migrations = await captureMigrations(nodePgMigrateProject(true), { oracle: postgres })
    expect(migrations.map(({ transaction }) => transaction)).toEqual([
      undefined,
      undefined,
      'none',
      'own',
    ])
    expect(transactionsOf(migrations)).toBe('all')
  })

  test('those that the schema holds already are not run', async () => {
    const schema = `${people};\nALTER TABLE people ADD COLUMN city text;`
    const applied = ['001-people', '002-city', '003-index']
    const migrations = await captureMigrations(nodePgMigrateProject(true), {
      oracle: postgres,
      schema,
      applied,
    })
    expect(migrations.map(({ id, file }) => [id, path.basename(file)])).toEqual([
      ['004-drop', '004-drop.mjs'],
    ])
    expect(migrations[0]?.sql).not.toContain('pgmigrations')
  })
})

test.each([
  ['all', undefined, 'all'],
  ['each', 'own', 'each'],
  ['none', 'none', 'each'],
] as const)('TypeORM with the mode %s', async (mode, transaction, all) => {
  const migrations = await captureMigrations(typeormProject(mode), { oracle: postgres })
  expect(migrations.map(({ id }) => id)).toEqual(['People1700000000001', 'Rename1700000000002'])
  expect(migrations.map((one) => one.transaction)).toEqual([transaction, transaction])
  expect(transactionsOf(migrations)).toBe(all)
  expect(migrations[1]?.sql).toContain('RENAME COLUMN "name" TO "full_name"')
})

test('all of them run on PGlite as well', async () => {
  const oracle = await pgliteOracle()
  try {
    for (const [project, count] of [
      [kyselyProject(), 2],
      [umzugProject, 2],
      [typeormProject(), 2],
      [nodePgMigrateProject(false), 4],
      [knexProject, 3],
    ] as const) {
      const migrations = await captureMigrations(project, { oracle })
      expect(migrations).toHaveLength(count)
      for (const { sql } of migrations) expect(sql).toContain('people')
    }
    const failing = captureMigrations(kyselyProject(), { oracle, applied: ['001-people'] })
    await expect(failing).rejects.toMatchObject({ code: 'CHANGEOVER_MIGRATIONS_CAPTURE_FAILED' })
    expect(await captureMigrations(kyselyProject(), { oracle })).toHaveLength(2)
  } finally {
    await oracle.close()
  }
}, 60_000)

test('a migration that fails is named with the words of the server, and nothing is left behind', async () => {
  const applied = ['001-people']
  const failing = captureMigrations(kyselyProject(), { oracle: postgres, applied })
  await expect(failing).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_CAPTURE_FAILED',
    message: expect.stringMatching(
      /Kysely .*relation "people" does not exist \(002-first-person\)/,
    ) as string,
    cause: expect.objectContaining({ code: '42P01' }) as unknown,
  })
})

test('made-up rows in the tables of the tools, which come with a dump, keep nobody from running', async () => {
  const schema = `CREATE TABLE people (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text NOT NULL);
    CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
    CREATE TABLE kysely_migration_lock (id varchar(255) PRIMARY KEY, is_locked integer DEFAULT 0 NOT NULL);
    CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz);
    CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked integer);
    CREATE TABLE migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL);
    CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);`
  const counts: number[] = []
  for (const [project, first] of [
    [kyselyProject(), '001-people'],
    [knexProject, '001-people.cjs'],
    [typeormProject(), 'People1700000000001'],
    [nodePgMigrateProject(false), '001-people'],
    [umzugProject, '001-people.mjs'],
  ] as const) {
    const migrations = await captureMigrations(project, {
      oracle: postgres,
      schema,
      applied: [first],
    })
    counts.push(migrations.length)
  }
  expect(counts).toEqual([1, 2, 1, 3, 1])
})

test('a tool that goes elsewhere, or finds nothing, does not pass for one that did nothing', async () => {
  const elsewhere = umzugRunner(() => {
    const migrations = [{ name: '1', up: () => Promise.resolve() }]
    return new Umzug({ migrations, storage: memoryStorage(), logger: undefined })
  })
  const nothing = umzugRunner(
    () => new Umzug({ migrations: [], storage: memoryStorage(), logger: undefined }),
  )
  for (const [project, says] of [
    [elsewhere, 'nothing was sent'],
    [nothing, 'no migration to run'],
  ] as const) {
    await expect(captureMigrations(project, { oracle: postgres })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_CAPTURE_FAILED',
      message: expect.stringContaining(says) as string,
    })
  }
  expect(await captureMigrations(nothing, { oracle: postgres, applied: ['1'] })).toEqual([])
})

test('what is bound is written in as the driver would have sent it', async () => {
  const values = [
    null,
    true,
    7n,
    new Date(0),
    Buffer.from('é'),
    [
      ['a"b', null],
      ['c', 'd'],
    ],
    { a: "it's" },
    String.raw`C:\x`,
  ]
  const runner: MigrationRunner = {
    tool: 'a test',
    run: ({ capture, pool }) =>
      capture('1', async () => {
        await pool.query(
          'select \'$1\' as "$2", $1::text, $2::bool, $3::int, $4::timestamptz, $5::bytea',
          values.slice(0, 5),
        )
        await pool.query('select $1::text[], $2::jsonb, $3 -- é', values.slice(5))
      }),
  }
  const [migration] = await captureMigrations(runner, { oracle: postgres })
  expect(migration?.sql).toBe(
    `select '$1' as "$2", NULL::text, 'true'::bool, '7'::int, '1970-01-01T00:00:00.000Z'::timestamptz,  E'\\\\xc3a9'::bytea;
select  E'{{"a\\\\"b",NULL},{"c","d"}}'::text[], '{"a":"it''s"}'::jsonb,  E'C:\\\\x' -- é
;
`,
  )
})

test('settings that the tool makes for its connection go before each migration', async () => {
  const runner: MigrationRunner = {
    tool: 'a test',
    run: async ({ capture, pool }) => {
      await pool.query('set search_path to public, pg_catalog')
      await capture('1', () => pool.query('create table a ()'))
      await capture('2', () => pool.query('create table b ()'), 'two.ts')
    },
  }
  expect(await captureMigrations(runner, { oracle: postgres })).toMatchObject([
    { file: '1', sql: 'set search_path to public, pg_catalog;\ncreate table a ();\n' },
    { file: 'two.ts', sql: 'set search_path to public, pg_catalog;\ncreate table b ();\n' },
  ])
})

test('whoever gives up is not kept waiting for the next migration', async () => {
  const controller = new AbortController()
  const ran: string[] = []
  const up = (name: string) => () => {
    ran.push(name)
    controller.abort(new Error('enough'))
    return Promise.resolve()
  }
  const project = umzugRunner(() => {
    const migrations = ['1', '2'].map((name) => ({ name, up: up(name) }))
    return new Umzug({ migrations, storage: memoryStorage(), logger: undefined })
  })
  const capturing = captureMigrations(project, { oracle: postgres, signal: controller.signal })
  await expect(capturing).rejects.toThrow('enough')
  expect(ran).toEqual(['1'])
})

test('an oracle that is none, or one that gives no connection, is refused', async () => {
  await expect(
    captureMigrations(umzugProject, { oracle: {} as SchemaOracle }),
  ).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_OPTION_INVALID',
    message: expect.stringContaining('give an oracle') as string,
  })
})
