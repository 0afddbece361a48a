import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'
import { ROUTINES } from './independent-objects.ts'

const CALLED: readonly IndependentCase[] = [
  unsafe('call-in-from', 'select * from wipe() as w', { setup: ROUTINES }),
  unsafe('call-in-insert', 'insert into catalog select 900050, wipe()::text', { setup: ROUTINES }),
  unsafe('call-in-values', 'insert into catalog values (900051, (select wipe()::text))', {
    setup: ROUTINES,
  }),
  unsafe('call-in-copy', 'copy (select wipe()) to stdout', { setup: ROUTINES }),
  unsafe('call-in-new-table', 'create table t as select wipe()', { setup: ROUTINES }),
  unsafe('call-in-matview', 'create materialized view m as select wipe()', { setup: ROUTINES }),
  safe('call-in-view', 'create view v as select wipe()::text as w', { setup: ROUTINES }),
  safe('call-in-body', 'create function g() returns void language sql as $$ select wipe() $$', {
    setup: ROUTINES,
  }),
  unsafe('call-in-default', 'alter table users add column w text default wipe()::text', {
    setup: ROUTINES,
  }),
  unsafe('call-planned-and-run', 'explain analyze select wipe()', { setup: ROUTINES }),
  unsafe('call-in-do-condition', 'do $$ begin if wipe() is null then null; end if; end $$', {
    setup: ROUTINES,
  }),
  unsafe('call-in-do-assignment', 'do $$ declare x text; begin x := wipe(); end $$', {
    setup: ROUTINES,
  }),
  unsafe('call-unknown', "select dblink_exec('dbname=other', 'drop table x')"),
  unsafe(
    'do-in-function-in-do',
    'do $a$ begin do $b$ begin drop table old_stuff; end $b$; end $a$',
  ),
  unsafe(
    'do-case',
    'do $$ begin case when true then alter table users drop column bio; else null; end case; end $$',
  ),
  unsafe('do-while', 'do $$ begin while true loop truncate old_stuff; exit; end loop; end $$'),
  unsafe(
    'do-for-each',
    "do $$ declare t text; begin foreach t in array array['users'] loop execute 'vacuum full ' || t; end loop; end $$",
  ),
  unsafe('do-nested-block', 'do $$ begin begin alter table users rename to people; end; end $$'),
  unsafe(
    'do-returning',
    'do $$ declare n int; begin delete from old_stuff returning k into n; end $$',
  ),
  unsafe('do-unreadable', 'do $$ begin alter tabel users; end $$'),
  unsafe('do-index', 'do $$ begin create index if not exists ub on users(bio); end $$'),
  safe(
    'do-select-into',
    'do $$ declare n int; begin select count(*) into n from old_stuff; raise notice $b$%$b$, n; end $$',
  ),
]

const ALTERED: readonly IndependentCase[] = [
  unsafe('added-and-required', 'alter table users add column a int, alter column a set not null'),
  unsafe(
    'added-default-required',
    'alter table users add column a int default 1, alter column a set not null',
  ),
  safe('collation-without-index', 'alter table orders alter column note type text collate "C"'),
  safe('alias-of-type', 'alter table users alter score type int4'),
  safe('using-itself', 'alter table users alter score type integer using score'),
  unsafe('using-expression', 'alter table users alter score type integer using score + 0'),
  safe(
    'zone-etc',
    "set timezone to 'Etc/UTC'; alter table accounts alter opened_on type timestamptz",
  ),
  safe('zone-back', 'set timezone = utc; alter table users alter created_at type timestamp'),
  unsafe(
    'zone-london',
    "set timezone = 'Europe/London'; alter table users alter created_at type timestamp",
  ),
  unsafe(
    'zone-reset',
    "set timezone = 'UTC'; reset timezone; alter table users alter created_at type timestamp",
  ),
  safe('quoted-other-column', 'alter table users add "Email" text'),
  safe(
    'dump-style',
    "select pg_catalog.set_config('search_path', '', false); alter table public.users add column a int",
  ),
  unsafe('empty-path', "set search_path = ''; alter table users add column a int"),
  unsafe('upper-quoted', 'drop table "OLD_STUFF"'),
  unsafe('upper-folded', 'drop table Old_Stuff'),
  safe(
    'new-twin-first-in-path',
    'set search_path = billing, public; create table old_stuff(i int); drop table old_stuff',
  ),
  unsafe(
    'new-twin-elsewhere',
    'create table billing.old_stuff (like public.old_stuff); drop table old_stuff',
  ),
  safe(
    'view-with-all',
    "create or replace view active_users as select * from users where status = 'active'",
  ),
  unsafe(
    'view-with-aliases',
    'create or replace view active_users(id, mail, name) as select id, email, name from users',
  ),
  safe('view-column-default', "alter view active_users alter column name set default 'x'"),
  safe(
    'policy-on-new',
    'create table a(i int); alter table a enable row level security; create policy p on a using (true)',
  ),
  safe('function-steadied', 'alter function twice(int) stable', { setup: ROUTINES }),
  safe('drop-missing-schema', 'drop schema if exists no_such cascade'),
  safe('drop-missing-function', 'drop function if exists no_such(int, text)'),
  unsafe('unused-domain-gone', 'drop domain short_text'),
  unsafe('type-taken', "create type order_state as enum ('a')"),
  unsafe('owned-sequence-restarted', 'alter sequence users_id_seq restart with 1'),
  safe('sequence-cached', 'alter sequence ticket_seq cache 20'),
  safe('usage-granted', 'grant usage on schema billing to public'),
  unsafe('usage-revoked', 'revoke usage on schema billing from public'),
  unsafe(
    'rebuilt-by-hand',
    'begin; create table old_new (like old_stuff including all); insert into old_new select * from old_stuff; drop table old_stuff; alter table old_new rename to old_stuff; commit',
  ),
  safe(
    'constraint-on-new',
    'create table a(i int, j int); alter table a add constraint u unique (i), add check (j > 0), add foreign key (i) references catalog(id)',
  ),
  unsafe('check-of-partitions', "alter table events add constraint c check (kind <> 'z')"),
  unsafe('unique-of-partitions', 'create unique index on events(id, at)'),
  unsafe('partition-renamed', 'alter table events_2025 rename to ev25'),
  safe(
    'sub-partitioned',
    "create table events_2028 partition of events for values from ('2028-01-01') to ('2029-01-01') partition by list (kind)",
  ),
  unsafe(
    'trigger-in-the-way',
    'alter table users disable row level security, add column r float default random()',
  ),
]

const DONE: readonly IndependentCase[] = [
  safe('delete-two-keys', 'delete from old_stuff where id = 1 or id = 2'),
  unsafe('update-or-true', "update users set bio = '' where id = 1 or true"),
  unsafe('update-not', "update users set bio = '' where not (id = 1)"),
  unsafe('update-itself', "update users set bio = '' where id = id"),
  unsafe('update-itself-aliased', "update users u set bio = '' where u.id = u.id"),
  unsafe('update-in-all', "update users set bio = '' where id in (select id from users)"),
  unsafe(
    'update-limit-all',
    "update users set bio = '' where id in (select id from users limit all)",
  ),
  unsafe(
    'update-limit-null',
    "update users set bio = '' where id in (select id from users limit null)",
  ),
  unsafe(
    'update-limit-huge',
    "update users set bio = '' where id in (select id from users limit 50000000)",
  ),
  safe(
    'update-fetch-first',
    "update users set bio = '' where id in (select id from users where bio is null fetch first 100 rows only)",
  ),
  safe('update-array', "update users set bio = '' where id = any ('{1,2,3}'::bigint[])"),
  safe('update-latest', "update users set bio = '' where id = (select max(id) from users)"),
  unsafe(
    'update-exists',
    "update users set bio = '' where exists (select 1 from orders where user_id = users.id)",
  ),
  safe(
    'upsert-row',
    "insert into catalog values (1, 'a') on conflict (id) do update set title = excluded.title",
  ),
  safe(
    'merge-row',
    "merge into catalog c using (values (1, 'a')) v(id, t) on c.id = v.id when matched then update set title = v.t when not matched then insert values (v.id, v.t)",
  ),
  safe('vacuum-not-full', 'vacuum (full false) users'),
  unsafe('reindex-not-concurrently', 'reindex (concurrently false) table users'),
  safe('explain-not-analyze', 'explain (analyze false) delete from users'),
  unsafe('index-rolled-back', 'begin; create index on users(bio); rollback'),
  safe('ended-otherwise', 'start transaction; drop table old_stuff; abort'),
  safe('end-for-commit', 'begin work; alter table users add column a int; end'),
  unsafe(
    'prepared-transaction',
    "begin; alter table users add column a int; prepare transaction 'x'",
  ),
  safe(
    'levels',
    'begin isolation level serializable; set constraints all deferred; alter table users add column a int; commit',
  ),
  safe('lock-sue', 'begin; lock table users in share update exclusive mode; commit'),
  unsafe('lock-nowait', 'begin; lock table only catalog in exclusive mode nowait; commit'),
  safe(
    'breakpoints',
    'alter table users add column a int;\n--> statement-breakpoint\ncreate table b(i int);',
  ),
  unsafe('copy-data', 'copy catalog from stdin;\n1\tdrop table users\n\\.\ndrop table old_stuff;'),
  unsafe('parameter', 'alter table users add column :name int'),
  unsafe('include', '\\i other.sql'),
  safe('unlogged-new', 'create unlogged table u(i int primary key); create index on u(i)'),
  unsafe(
    'label-added-in-block-on-eleven',
    "begin; alter type order_state add value 'void'; commit",
    { version: 11 },
  ),
  safe('label-added-in-block', "begin; alter type order_state add value 'void'; commit"),
  unsafe(
    'detach-concurrently-on-thirteen',
    'alter table events detach partition events_2025 concurrently',
    { version: 13 },
  ),
  unsafe(
    'not-null-not-valid-on-seventeen',
    'alter table accounts add constraint c not null flags not valid',
    { version: 17 },
  ),
  safe('not-null-validated-on-eighteen', 'alter table accounts validate constraint c', {
    version: 18,
    setup: 'alter table accounts add constraint c not null flags not valid;',
  }),
  unsafe('reindex-concurrently-on-eleven', 'reindex index concurrently users_status_idx', {
    version: 11,
  }),
]

/** A third draw. */
export const INDEPENDENT_THIRD: readonly IndependentCase[] = [...CALLED, ...ALTERED, ...DONE]
