import { afterAll, describe, expect, test } from 'vitest'
import { startGuard } from './guard-process.ts'
import type { GuardWork } from './guard-process.ts'
import { serverKinds } from './servers.ts'
import type { TestDatabase } from './servers.ts'

const kinds = await serverKinds()
const servers = await Promise.all(
  kinds.map(async ({ name, start }) => [name, await start()] as const),
)
afterAll(() => Promise.all(servers.map(([, server]) => server.close())))

const ROWS = 250

const schema = `
  create table items (id bigint primary key, old text, note text not null default '', touched int not null default 0);
  create index items_old on items (old);
  create table audit (what text);
  insert into items (id, old) select g * 3, 'o' || g from generate_series(1, ${ROWS}) g;`

const migrations = [
  "ALTER TABLE items ADD COLUMN label text; INSERT INTO audit VALUES ('expand');",
  'CREATE INDEX CONCURRENTLY items_label ON items (label);',
  'ALTER TABLE items ADD CONSTRAINT labelled CHECK (label IS NOT NULL) NOT VALID;',
  'ALTER TABLE items VALIDATE CONSTRAINT labelled;',
  'DROP INDEX CONCURRENTLY items_old;',
  "ALTER TABLE items DROP COLUMN old; INSERT INTO audit VALUES ('contract');",
].map((sql, index) => ({ id: `00${index + 1}`, file: `00${index + 1}.sql`, sql }))

type Boundaries = readonly (readonly [types: readonly string[], count: number])[]

const ALL: Boundaries = [
  [['step-committing', 'batch-committing'], 4 + 2],
  [['step-started', 'batch-done'], 4 + 2 + 2],
]
const CLOSEST: Boundaries = [[['batch-committing'], 2]]

function work(database: TestDatabase, types: readonly string[]): GuardWork {
  return {
    database: database.reach,
    migrations,
    phases: ['expand', 'backfill', 'tighten', 'contract'],
    live: [{ release: '2.0.0', contract: { queries: ['SELECT id, note FROM items'] } }],
    backfills: [
      {
        id: 'items.label',
        table: 'items',
        key: 'id',
        batch: `UPDATE items SET label = 'l' || id, touched = touched + 1 WHERE id > $1 AND id <= $2`,
        verify: 'SELECT count(*) FROM items WHERE label IS NULL',
        batchSize: 150,
        pause: 0,
      },
    ],
    types,
    survived: [],
  }
}

/** Starts the guard again and again, with the phase that it was killed in; each time it is killed at the next boundary. */
async function killEverywhere(one: GuardWork): Promise<string[]> {
  const survived: string[] = []
  let phases = one.phases
  for (;;) {
    const { killed, lines } = await startGuard({ ...one, phases, survived }).ended
    if (killed === undefined) return survived
    const began = lines.filter((line) => line.startsWith('phase ')).length
    phases = phases.slice(began - 1)
    survived.push(killed)
  }
}

async function assertAllDoneOnce(database: TestDatabase): Promise<void> {
  const columns = await database.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_name = 'items' order by 1`,
  )
  expect(columns.map(({ name }) => name)).toEqual(['id', 'label', 'note', 'touched'])
  expect(
    await database.query('select what, count(*)::int from audit group by 1 order by 1'),
  ).toEqual([
    { what: 'contract', count: 1 },
    { what: 'expand', count: 1 },
  ])
  expect(await database.query('select touched, count(*)::int from items group by 1')).toEqual([
    { touched: 1, count: ROWS },
  ])
  expect(await database.query(`select count(*)::int from items where label = 'l' || id`)).toEqual([
    { count: ROWS },
  ])
  const indexes = `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'items'::regclass order by 1`
  expect(await database.query(indexes)).toEqual([
    { name: 'items_label', valid: true },
    { name: 'items_pkey', valid: true },
  ])
  expect(
    await database.query(`select convalidated from pg_constraint where conname = 'labelled'`),
  ).toEqual([{ convalidated: true }])
  expect(await database.query(`select distinct state from changeover.migration_steps`)).toEqual([
    { state: 'done' },
  ])
  expect(await database.query('select release from changeover.schema_floor')).toEqual([
    { release: '2.0.0' },
  ])
}

describe.concurrent.each(servers)(
  'A guard on %s that is killed with -9 and started again',
  (_, server) => {
    // Four steps in transactions, two outside, two batches. Each kill costs a start of Node: on the older server those that
    // come closest to doing something twice stand for all.
    const boundaries = server.version >= 18 ? ALL : CLOSEST

    test.each(boundaries)(
      'at each of its boundaries %j, does every step and batch once',
      async (types, expected) => {
        const database = await server.database(schema)
        const survived = await killEverywhere(work(database, types))
        expect(survived).toHaveLength(expected)
        expect(new Set(survived).size).toBe(expected)
        await assertAllDoneOnce(database)
      },
      150_000,
    )

    test('while the server builds an index, drops what is left of it and builds it again', async () => {
      const database = await server.database(schema)
      // Whoever still may look at the old state keeps the index from getting done, and nothing else.
      const reader = await database.connect('reader')
      await reader.query('begin isolation level repeatable read; select from audit')
      const first = startGuard(work(database, []))
      await first.line('event step-started 002')
      await leftInvalid(database)
      first.child.kill('SIGKILL')
      await first.ended
      await endBuild(database)
      const second = startGuard(work(database, []))
      await second.line('event lock-')
      await reader.query('commit')
      const { lines } = await second.ended
      expect(lines).toContain('complete')
      expect(lines.some((line) => line.startsWith('event index-dropped'))).toBe(true)
      await assertAllDoneOnce(database)
    }, 150_000)
  },
)

/** The server does not notice at once that nobody listens any more, and might build the index to its end. */
async function endBuild(database: TestDatabase): Promise<void> {
  for (;;) {
    const building = await database.query(
      `select pg_terminate_backend(pid) from pg_stat_progress_create_index where datname = current_database()`,
    )
    if (building.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Until the index is there and not valid. */
async function leftInvalid(database: TestDatabase): Promise<void> {
  for (;;) {
    const left = await database.query(
      `select from pg_index where indexrelid = to_regclass('items_label') and not indisvalid`,
    )
    if (left.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
