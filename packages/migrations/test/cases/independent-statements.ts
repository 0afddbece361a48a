import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'
import { ROUTINES } from './independent-objects.ts'

const WRITES: readonly IndependentCase[] = [
  unsafe('update-true', "update users set bio = 'x' where true"),
  unsafe('update-one-is-one', "update users set bio = 'x' where 1 = 1"),
  unsafe('update-null', "update users set bio = '' where bio is null"),
  unsafe('update-beyond', "update users set bio = '' where id > 1000"),
  unsafe('update-by-plain-column', "update users set bio = '' where nickname = 'k1'"),
  safe('update-between', "update users set bio = '' where id between 1 and 1000 and bio is null"),
  safe('update-window', "update only users u set bio = '' where u.id >= 1 and u.id < 1000"),
  safe('update-in', "update users set bio = '' where id in (1, 2, 3)"),
  safe('update-by-unique', "update users set bio = '' where email = 'u1@x.io'"),
  safe(
    'update-limited',
    "update users set bio = '' where id in (select id from users where bio is null order by id limit 500)",
  ),
  safe(
    'update-limited-cte',
    "with few as (select id from users where bio is null limit 500 for update skip locked) update users set bio = '' from few where users.id = few.id",
  ),
  safe(
    'update-by-values',
    "update users set bio = v.b from (values (1, 'a'), (2, 'b')) v(id, b) where users.id = v.id",
  ),
  unsafe('update-joined', 'update users set bio = o.note from orders o where o.user_id = users.id'),
  safe(
    'update-physical',
    "update users set bio = '' where ctid = any (array(select ctid from users where bio is null limit 100))",
  ),
  unsafe('update-view', "update active_users set name = ''"),
  unsafe('update-partitions', "update events set kind = 'b'"),
  unsafe('delete-using', 'delete from users using orders o where o.user_id = users.id'),
  unsafe('delete-old', "delete from sessions where expires_at < now() - interval '1 day'"),
  safe('delete-one', "delete from sessions where token = 't1'"),
  safe(
    'delete-limited',
    'delete from sessions where token in (select token from sessions where expires_at < now() limit 1000)',
  ),
  unsafe(
    'delete-in-cte',
    'with gone as (delete from old_stuff returning *) select count(*) from gone',
  ),
  unsafe('delete-explained', 'explain (analyze, costs off) delete from old_stuff'),
  safe('delete-planned', 'explain delete from old_stuff'),
  unsafe('delete-prepared', 'prepare wipe_all as delete from old_stuff; execute wipe_all'),
  safe(
    'delete-of-new',
    'create table a(i int); insert into a values (1); delete from a; update a set i = 2',
  ),
  unsafe(
    'merge',
    'merge into catalog c using old_stuff o on c.id = o.id when matched then update set title = o.v',
  ),
  safe(
    'insert-rows',
    "insert into catalog values (900010, 'x'), (900011, 'y') on conflict (id) do nothing",
  ),
  safe('insert-into-new', 'create table a(i bigint); insert into a select id from users'),
  unsafe('lock-table', 'begin; lock table users in share row exclusive mode; commit'),
  unsafe('lock-default', 'begin; lock users; alter table users add column a int; commit'),
  safe('lock-weak', 'begin; lock table users in row share mode; commit'),
]

const TRANSACTIONS: readonly IndependentCase[] = [
  unsafe('begin-only', 'begin; alter table users add column a int', { each: 'unsafe' }),
  safe('rolled-back', 'begin; drop table users cascade; rollback'),
  safe(
    'rolled-back-to',
    'begin; savepoint s; alter table users drop column bio; rollback to s; release s; commit',
  ),
  unsafe(
    'rolled-back-past',
    'begin; alter table users drop column bio; savepoint s; alter table users add column b int; rollback to savepoint s; commit',
  ),
  unsafe(
    'scan-after-ddl',
    'begin; alter table users add column a int; create table sums as select user_id, sum(total) from orders group by 1; commit',
  ),
  unsafe(
    'backfill-after-ddl',
    "begin; alter table users add column a int; update orders set note = 'x' where note is null; commit",
  ),
  safe(
    'row-after-ddl',
    'begin; alter table users add column a int; update users set a = 1 where id = 7; commit',
  ),
  unsafe(
    'validate-after-ddl',
    'begin; alter table catalog add column a int; alter table users validate constraint c; commit',
    {
      setup: 'alter table users add constraint c check (age > -1) not valid;',
    },
  ),
  safe(
    'new-in-block',
    'begin; create table a(i int primary key, u bigint references users(id)); create index on a(u); insert into a values (1, 1); commit',
  ),
  safe(
    'timeouts',
    "set lock_timeout = '2s'; set local statement_timeout = 0; alter table users add column a int",
  ),
  unsafe(
    'timeout-is-no-cure',
    "set lock_timeout = '2s'; set statement_timeout = '5s'; create index on users(bio)",
  ),
  unsafe(
    'new-column-retyped',
    'alter table users add column a int; alter table users rename column a to b; alter table users alter column b type bigint; alter table users drop column b',
  ),
]

const PROCEDURAL: readonly IndependentCase[] = [
  safe(
    'do-add',
    "do $do$ begin if not exists (select 1 from information_schema.columns where table_name = 'users' and column_name = 'a') then alter table users add column a int; end if; end $do$",
  ),
  unsafe(
    'do-drop',
    "do language plpgsql 'begin if true then drop table if exists old_stuff; end if; end'",
  ),
  unsafe(
    'do-loop',
    "do $$ declare r record; begin for r in select tablename from pg_tables loop execute format('alter table %I add column x int', r.tablename); end loop; end $$",
  ),
  unsafe('do-constant', "do $$ begin execute 'drop table old_stuff'; end $$"),
  unsafe('do-perform', 'do $$ begin perform wipe(); end $$', { setup: ROUTINES }),
  unsafe(
    'do-handler',
    'do $$ begin null; exception when others then alter table users drop column bio; end $$',
  ),
  safe(
    'do-type',
    "do $$ begin create type mood as enum ('a'); exception when duplicate_object then null; end $$",
  ),
  unsafe(
    'do-volatile',
    'do $$ begin alter table users add column a uuid default gen_random_uuid(); end $$',
  ),
  unsafe('do-update', "do $$ begin update users set bio = 'x'; end $$"),
  unsafe('do-other-language', 'do language plpython3u $$ plpy.execute("drop table users") $$'),
  safe('do-notice', "do $$ begin raise notice 'drop table users'; end $$"),
  unsafe('select-wipe', 'select wipe()', { setup: ROUTINES }),
  unsafe('select-wipe-inside', 'select id from users where exists (select wipe()) limit 1', {
    setup: ROUTINES,
  }),
  unsafe('call', 'call tidy_up()', { setup: ROUTINES }),
  unsafe(
    'new-function-called',
    "create function f() returns void language plpgsql as $$ begin execute 'drop table users'; end $$; select f()",
  ),
  safe('select-pure', 'select twice(4)', { setup: ROUTINES }),
  safe('select-count', 'select count(*), max(total) from orders'),
  unsafe('terminate', 'select pg_terminate_backend(pid) from pg_stat_activity'),
  safe('advisory', 'select pg_advisory_xact_lock(42)'),
]

const LEXICAL: readonly IndependentCase[] = [
  safe(
    'nested-comment',
    '/* a /* drop table users; */ drop table users; */ alter table users add column a int -- ; drop table users',
  ),
  safe(
    'escape-string',
    String.raw`insert into catalog values (900020, E'it\'s; drop table users; --')`,
  ),
  safe('dollar-in-identifier', 'create table a$b$c(i int); alter table a$b$c drop column i'),
  unsafe('nul', 'alter table users add column a int;\u0000 drop table users'),
  unsafe('psql-connect', '\\connect other\nalter table users add column a int'),
  unsafe('syntax-error', 'alter table users add column a int; alter tabel users add column b int'),
  safe('nothing', ' -- nothing at all\n;;\n/* */'),
  safe('semicolon-in-quotes', 'create table ";drop table users;"("a;b" int)'),
  unsafe('after-semicolons', ';;alter table users add column a int;;;drop table old_stuff;'),
  safe('notify', "listen jobs; notify jobs, 'drop table users'; unlisten *"),
  safe('show', 'show server_version; checkpoint', { each: 'safe' }),
  safe(
    'emoji',
    'insert into catalog values (900030, \'🙂🙂\'); alter table users add column "🙂" int',
  ),
]

export const INDEPENDENT_STATEMENTS: readonly IndependentCase[] = [
  ...WRITES,
  ...TRANSACTIONS,
  ...PROCEDURAL,
  ...LEXICAL,
]
