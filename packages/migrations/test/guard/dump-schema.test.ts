import { afterAll, describe, expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog/create-catalog.ts'
import { dumpSchema, inSnapshot } from '../../src/guard/dump-schema.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { serverKinds } from './servers.ts'
import type { TestDatabase } from './servers.ts'

const kinds = await serverKinds()
const servers = await Promise.all(
  kinds.map(async ({ name, start }) => [name, await start()] as const),
)
afterAll(() => Promise.all(servers.map(([, server]) => server.close())))

const schema = `
  create schema app;
  create schema changeover;
  create table changeover.own (id int);
  create type app.mood as enum ('sad', 'it''s ok');
  create type app.pair as (a int, b text);
  create domain app.email as text not null default 'a@b' constraint has_at check (value ~ '@');
  create type app.span as range (subtype = date);
  create sequence app.tickets as int increment by 5 start with 10;
  create function app.one(a int default 3) returns int language sql immutable as 'select a';
  create table app.users (
    id bigint generated always as identity primary key, serial serial, mail app.email unique, mood app.mood default 'sad',
    pair app.pair, "Odd ""name" text collate "C" not null default 'x', one int default app.one(), twice int generated always as (serial * 2) stored,
    tags text[] not null, check (one > 0));
  create table app.orders (id bigint primary key, user_id bigint not null, boss bigint references app.orders on delete cascade);
  alter table app.orders add constraint own foreign key (user_id) references app.users not valid;
  create unlogged table app.scratch (v text);
  create table app.parent (id int not null, note text check (note <> ''));
  create table app.child (more int) inherits (app.parent);
  create table public.events (id bigint not null, at date not null, primary key (id, at)) partition by range (at);
  create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01') partition by list (id);
  create table events_2025_1 partition of events_2025 for values in (1);
  create table events_rest partition of events default;
  create index events_at on events (at);
  create unique index users_lower on app.users (lower(mail::text)) include (one) where mood = 'sad';
  create view app.v2 as select id, one from app.users;
  create view app.v1 as select * from app.v2;
  create or replace view app.v2 as select id, one, serial from app.users;
  create materialized view app.counts as select mood, count(*) as n from app.users group by 1;
  create unique index counts_mood on app.counts (mood);
  create function app.all_users() returns setof app.users language sql as 'select * from app.users';
  create function app.refuse() returns trigger language plpgsql as $$ begin raise exception 'no; never'; end $$;
  create trigger refuse before insert on app.users for each row execute function app.refuse();
  create procedure app.tidy() language plpgsql as $$ begin delete from app.scratch; end $$;`

async function dumpOf(database: TestDatabase): Promise<string> {
  const client = await database.connect()
  return inSnapshot(client, () => dumpSchema(client, 'changeover'))
}

describe.each(servers)('The schema of a database on %s', (_, server) => {
  test('is written so that another database gets the same, and that the static layer reads it', async () => {
    await loadParser()
    const [one, other] = [await server.database(schema), await server.database()]
    const dump = await dumpOf(one)
    await other.query(dump)
    expect(await dumpOf(other)).toBe(dump)
    const catalog = loadCatalog(dump)
    const names = [...catalog.relations()].map((relation) => `${relation.schema}.${relation.name}`)
    expect(names).toEqual(
      expect.arrayContaining([
        'app.users',
        'app.child',
        'public.events_2025_1',
        'app.v1',
        'app.counts',
      ]),
    )
    expect(names).not.toContain('changeover.own')
    expect(catalog.relation({ schema: 'app', name: 'users' })?.columns.get('twice')?.filled).toBe(
      'generated',
    )
    expect(catalog.relation({ schema: 'app', name: 'orders' })?.constraints.get('own')?.valid).toBe(
      false,
    )
  })
})
