import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'
import { ROUTINES } from './independent-objects.ts'

const STAMP = `${ROUTINES} create table audit(id bigint primary key);`

const TABLES: readonly IndependentCase[] = [
  unsafe('replaced-in-place', 'alter table users drop column bio, add column bio jsonb'),
  unsafe(
    'backfilled-at-once',
    'alter table users add column x int; update users set x = 0; alter table users alter column x set not null',
  ),
  unsafe(
    'backfilled-in-part',
    'alter table users add column x int; update users set x = 0 where id between 1 and 1000; alter table users alter column x set not null',
  ),
  unsafe(
    'default-and-required',
    'alter table users alter column age set default 18, alter column age set not null',
  ),
  safe('reserved-word', 'alter table users add column "order" int, add column "select" text'),
  unsafe(
    'view-for-table',
    'begin; drop view active_users; create table active_users(id bigint, email text, name text); commit',
  ),
  safe(
    'view-with-old-name',
    'begin; alter table catalog rename to c2; alter table c2 rename column title to label; create view catalog as select id, label as title from c2; commit',
  ),
  unsafe(
    'view-without-old-name',
    'begin; alter table catalog rename to c2; alter table c2 rename column title to label; create view catalog as select id, label from c2; commit',
  ),
  unsafe('only-parent-concurrently', 'create index concurrently on only events(kind)'),
  safe(
    'partition-check-unproved-only',
    "alter table only events_2025 add constraint c check (kind <> '') not valid",
  ),
  safe('partitions-validated', 'alter table events validate constraint c', {
    setup: 'alter table events add constraint c check (id > -1) not valid;',
  }),
  unsafe('partitions-not-null', 'alter table events alter column kind set not null'),
  unsafe('partitions-retyped', 'alter table events alter column kind type varchar(90)'),
  unsafe('partitioned-gone', 'drop table if exists events cascade'),
  safe('two-tables', 'alter table users add column a int; alter table orders add column b int'),
  unsafe('referenced-gone', 'alter table orders drop constraint orders_user_fk; drop table users'),
  unsafe(
    'index-gone-and-back',
    'drop index users_status_idx; create index concurrently users_status_idx on users(status)',
  ),
  unsafe('default-of-query', 'alter table users add column a int default (select 1)'),
  unsafe('default-of-column', 'alter table users add column a text default nickname'),
  unsafe('index-on-missing-column', 'create index concurrently on users(no_such)'),
  unsafe('index-on-missing-table', 'create index concurrently on no_such(a)'),
  safe(
    'constant-default-on-twelve',
    "alter table users add column a varchar(5) not null default 'x'",
    { version: 12 },
  ),
  safe('not-null-proved-on-twelve', 'alter table accounts alter flags set not null', {
    version: 12,
    setup: 'alter table accounts add constraint c check (flags is not null);',
  }),
  unsafe(
    'added-with-named-unique',
    'alter table if exists public.users add column if not exists code text constraint users_code_uq unique',
  ),
  unsafe(
    'primary-key-replaced',
    'alter table catalog drop constraint catalog_pkey, add primary key (id)',
  ),
  unsafe('type-under-index-where', 'alter table accounts alter column code type varchar(30)', {
    setup: "create index ac on accounts(id) where code <> 'x';",
  }),
  safe(
    'dropped-with-its-view',
    'create table a(i int); create view av as select i from a; drop table a cascade',
  ),
  unsafe(
    'fk-both-ways',
    'alter table accounts add column user_id bigint references users(id) default 1',
  ),
  safe(
    'add-column-to-view-base',
    'alter table users add column name2 text; create or replace view active_users as select id, email, name, name2 from users',
  ),
  unsafe(
    'inherit-check',
    'create table kid() inherits (users); alter table users add constraint c check (age > -5)',
  ),
]

const TRANSACTIONS: readonly IndependentCase[] = [
  safe(
    'two-brief-locks',
    "begin; set local lock_timeout = '1s'; alter table users add column a int; alter table orders add column b int; commit",
  ),
  unsafe(
    'copy-under-lock',
    "begin; alter table catalog add column a int; insert into old_stuff(id, v) select id + 100000, 't' from orders; commit",
  ),
  unsafe(
    'read-under-reference-lock',
    'begin; create table x(i bigint references users(id)); insert into x select id from users; commit',
  ),
  safe(
    'row-under-trigger-lock',
    'begin; create trigger t before update on users for each row execute function touch(); update users set bio = null where id = 1; commit',
    { setup: STAMP },
  ),
  unsafe(
    'read-under-trigger-lock',
    'begin; create trigger t before update on users for each row execute function touch(); select count(*) from orders; commit',
    { setup: STAMP },
  ),
  safe(
    'read-under-comment-lock',
    "begin; comment on table users is 'x'; select count(*) from orders; commit",
  ),
  safe(
    'read-under-statistics-lock',
    'begin; alter table users alter column bio set statistics 100; select count(*) from orders; commit',
  ),
  safe(
    'row-then-ddl',
    "begin; update users set bio = 'x' where id = 1; alter table orders add column x int; commit",
  ),
  unsafe(
    'index-of-other-table-under-lock',
    'begin; alter table users add column a int; create unique index on catalog(title); commit',
  ),
  unsafe(
    'validated-with-others',
    'begin; alter table accounts add constraint c foreign key (owner_id) references users(id) not valid; alter table accounts validate constraint c; commit',
  ),
  safe(
    'savepoint-kept',
    'begin; savepoint s; alter table users add column a int; release savepoint s; commit',
  ),
  unsafe('savepoint-dropped-kept', 'begin; savepoint s; drop table old_stuff; release s; commit'),
  unsafe('backfill-rolled-back', "begin; update users set bio = 'x'; rollback"),
  unsafe('two-in-one-begin', 'begin; begin; drop table old_stuff; commit'),
  safe(
    'dml-then-nothing',
    "begin; insert into sessions values ('z', 1, now()); delete from sessions where token = 'z'; commit",
  ),
  unsafe(
    'refresh-under-lock',
    'begin; alter table users add column a int; refresh materialized view concurrently user_stats; commit',
  ),
]

/** A fourth draw. */
export const INDEPENDENT_FOURTH: readonly IndependentCase[] = [...TABLES, ...TRANSACTIONS]
