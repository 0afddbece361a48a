import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OracleSession, SchemaOracle } from '../../src/oracles/schema-oracle.ts'
import { richSchema } from './rich-schema.ts'
import { outcomeOf } from './sample-cases.ts'

/** What every oracle of the PostgreSQL family does, whatever it asks. */
export function oracleConformance(name: string, create: () => Promise<SchemaOracle>): void {
  describe(`${name} as an oracle`, () => {
    let oracle: SchemaOracle
    let rich: OracleSession
    beforeAll(async () => {
      oracle = await create()
      rich = await oracle.open(richSchema)
    }, 120_000)
    afterAll(async () => {
      await rich?.close()
      await oracle?.close()
    })
    /** What a change does that is not kept. */
    const trial = (...statements: string[]) =>
      rich.run(statements, { transaction: true, rollback: true })

    test('fills every table that can be filled, and names the others', () => {
      expect(rich.unfilled?.map(({ relation }) => relation)).toEqual(['app.impossible'])
    })

    test('passes over extensions and settings that are not there, and says so', () => {
      expect(rich.notes).toHaveLength(2)
      expect(rich.notes?.join()).toContain('no-such-extension')
    })

    test('made rows that meet all foreign keys and conditions', async () => {
      const foreign = 'alter table app.hen add foreign key (egg) references app.egg (id)'
      const condition = 'alter table app.posts add check (ends > starts)'
      const observed = await trial(foreign, condition)
      expect(observed.map(({ error }) => error)).toEqual([undefined, undefined])
    })

    test.each([
      ['add column note text', 'ACCESS EXCLUSIVE', 'none'],
      ['add column note text default gen_random_uuid()::text', 'ACCESS EXCLUSIVE', 'rewrite'],
      ["add check (state <> 'x')", 'ACCESS EXCLUSIVE', 'scan'],
      ["add check (state <> 'x') not valid", 'ACCESS EXCLUSIVE', 'none'],
      ['add unique (starts)', 'ACCESS EXCLUSIVE', 'index-build'],
      ['alter column state set statistics 500', 'SHARE UPDATE EXCLUSIVE', 'none'],
    ])('sees what ALTER TABLE ... %s does', async (change, mode, work) => {
      const [observed] = await trial(`alter table app.posts ${change}`)
      expect(observed).toEqual({ locks: [{ relation: 'app.posts', mode, work }] })
    })

    test('counts work under a lock that an earlier statement of the transaction has taken', async () => {
      const [, bounded, unbounded] = await trial(
        'alter table app.users add column note text',
        "update app.posts set url = null where key = '00000000-0000-4000-8000-000000000001'",
        'update app.posts set url = null',
      )
      expect(bounded?.locks).toEqual([
        { relation: 'app.users', mode: 'ACCESS EXCLUSIVE', work: 'none' },
      ])
      expect(unbounded?.locks).toContainEqual({
        relation: 'app.users',
        mode: 'ACCESS EXCLUSIVE',
        work: 'update',
      })
    })

    test('takes TRUNCATE for no work, and REFRESH for work that readers wait for', async () => {
      const [truncated] = await trial('truncate app.posts cascade')
      const [refreshed] = await trial('refresh materialized view app.states')
      expect(truncated?.locks.map(({ work }) => work)).toEqual(['none', 'none'])
      expect(refreshed?.locks).toContainEqual({
        relation: 'app.states',
        mode: 'ACCESS EXCLUSIVE',
        work: 'rewrite',
        readersOnly: true,
      })
    })

    test('says nothing of relations that the plan has made itself', async () => {
      const [, built] = await trial('create table app.new (a int)', 'create index on app.new (a)')
      expect(built?.locks).toEqual([])
    })

    test.each([
      [
        'create index concurrently on app.posts (state)',
        'app.posts',
        'SHARE UPDATE EXCLUSIVE',
        'index-build',
      ],
      [
        'drop index concurrently app.posts_state_idx',
        'app.posts',
        'SHARE UPDATE EXCLUSIVE',
        'none',
      ],
      [
        'reindex table concurrently app.posts',
        'app.posts',
        'SHARE UPDATE EXCLUSIVE',
        'index-build',
      ],
      ['vacuum app.posts', 'app.posts', 'SHARE UPDATE EXCLUSIVE', 'scan'],
      ['vacuum full app.posts', 'app.posts', 'ACCESS EXCLUSIVE', 'rewrite'],
    ])('sees what %s does outside of a transaction', async (sql, relation, mode, work) => {
      const [observed] = await rich.run([sql], { transaction: false })
      expect(observed).toEqual({ locks: [{ relation, mode, work }] })
    })

    test('runs nothing after an error, and keeps nothing of its transaction', async () => {
      const observed = await rich.run(
        ['create table app.kept (a int)', 'select nothing', 'create table app.never (a int)'],
        { transaction: true },
      )
      expect(observed).toHaveLength(2)
      expect(observed[1]?.error).toMatchObject({ code: '42703', position: 8 })
      const [again] = await trial('create table app.kept (a int)')
      expect(again?.error).toBeUndefined()
    })

    test('tells at the last statement what only fails at the end', async () => {
      const observed = await rich.run(
        [
          'create table app.a (id int primary key)',
          'create table app.b (a int references app.a deferrable initially deferred)',
          'insert into app.b values (1)',
        ],
        { transaction: true },
      )
      expect(observed.map(({ error }) => error?.code)).toEqual([undefined, undefined, '23503'])
    })

    test('creates roles that a migration grants to, as the server is its own', async () => {
      const [granted] = await trial('grant select on app.users to somebody_new')
      expect(granted?.error).toBeUndefined()
    })

    test('finds values with which the queries of a release work', async () => {
      const outcomes = await rich.warm([
        {
          sql: 'insert into app.posts (key, author, starts, ends, state) values ($1, $2, $3, $4, $5) returning key, starts',
        },
        { sql: 'insert into app.a_like values ($1, $2) on conflict do nothing' },
        { sql: 'update app.users set mood = $1, mail = $2 where id = $3 returning price' },
        { sql: 'select mail from app.users where id = any($1::bigint[]) limit $2' },
        { sql: 'select count(*) from app.states' },
        {
          sql: 'delete from app.a_like where post = $1',
          values: ['00000000-0000-4000-8000-000000000000'],
        },
        { sql: 'begin' },
        { sql: 'select missing from app.users' },
      ])
      expect(outcomes.map(({ error }) => error?.code)).toEqual([
        ...Array.from({ length: 7 }),
        '42703',
      ])
      expect(outcomes[0]?.shape).toEqual([
        { name: 'key', type: 'uuid' },
        { name: 'starts', type: 'date' },
      ])
      expect(outcomes[2]?.shape).toEqual([{ name: 'price', type: 'numeric(5,2)' }])
    })

    test('shows what a running release sees and what a new one sees, whatever the migration has set', async () => {
      const session = rich
      const queries = [
        { sql: 'select * from app.kinds where id = $1' },
        { sql: 'select id from kinds' },
      ]
      const before = await session.warm(queries)
      expect(before.map(({ error }) => error?.code)).toEqual([undefined, '42P01'])
      const observed = await session.run(
        ['set search_path = app', 'alter table kinds add column extra int'],
        {
          transaction: true,
        },
      )
      expect(outcomeOf(observed)).toEqual({ locks: false, fails: false })
      const warm = (await session.runWarm()).slice(-2)
      const fresh = await session.runFresh(queries)
      expect(warm.map(({ error }) => error?.code)).toEqual(['0A000', '42P01'])
      expect(fresh.map(({ error }) => error?.code)).toEqual([undefined, '42P01'])
      const [still] = await session.run(['select extra from kinds'], { transaction: false })
      expect(still?.error).toBeUndefined()
    })
  })
}
