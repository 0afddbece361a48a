import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'

const ROUTINES =
  "create function wipe() returns void language plpgsql as $$ begin delete from old_stuff; end $$; create procedure tidy_up() language sql as $$ drop table old_stuff $$; create function twice(int) returns int language sql immutable as 'select $1 * 2'; create function touch() returns trigger language plpgsql as $$ begin return new; end $$;"
const TRIGGERED = `${ROUTINES} create trigger stamp before update on users for each row execute function touch();`
const PAIR = 'create type pair as (a int, b int); create table pairs(p pair);'

const TABLES: readonly IndependentCase[] = [
  unsafe('drop-table-if-exists', 'drop table if exists billing.invoices'),
  unsafe('drop-table-of-two', 'create table a(i int); drop table a, old_stuff'),
  safe('drop-missing-table', 'drop table if exists no_such, neither'),
  safe('drop-new-table', 'create table a(i int); drop table a cascade'),
  safe('drop-temporary-twin', 'create temp table old_stuff(i int); drop table old_stuff'),
  unsafe(
    'drop-beneath-temporary',
    'create temp table old_stuff(i int); drop table public.old_stuff',
  ),
  unsafe('drop-past-twin', 'create table billing.catalog(i int); drop table catalog'),
  unsafe('rename-table', 'alter table if exists catalog rename to products'),
  safe(
    'rename-with-view',
    'begin; alter table catalog rename to products; create view catalog as select id, title from products; commit',
  ),
  unsafe(
    'rename-with-poorer-view',
    'begin; alter table catalog rename to products; create view catalog as select id from products; commit',
  ),
  unsafe(
    'rename-with-grouped-view',
    'begin; alter table catalog rename to products; create view catalog as select id, title from products group by 1, 2; commit',
  ),
  unsafe(
    'rename-and-view-apart',
    'alter table catalog rename to products; create view catalog as select * from products',
    { each: 'safe' },
  ),
  unsafe(
    'swap',
    'begin; create table catalog_b(id int primary key, title text); alter table catalog rename to catalog_old; alter table catalog_b rename to catalog; commit',
  ),
  unsafe('truncate', 'truncate only old_stuff restart identity'),
  safe('truncate-new', 'create table a(i int); truncate a'),
  unsafe('unlogged', 'alter table old_stuff set unlogged'),
  unsafe('tablespace', 'alter table users set tablespace fast'),
  unsafe('table-taken', 'create table users(id int)'),
  safe('table-if-not-exists', 'create table if not exists users(id int)'),
  safe('table-like', 'create table archive (like orders including defaults including constraints)'),
  safe('select-into', 'select id, email into mails from users where age > 3'),
  safe('storage-options', 'alter table users set (fillfactor = 70, autovacuum_enabled = false)'),
  safe('replica-identity', 'alter table users replica identity using index users_email_key'),
  safe('comment', "comment on column users.bio is 'drop table users; --'"),
  unsafe('row-security', 'alter table accounts enable row level security'),
  unsafe(
    'row-security-forced',
    'alter table accounts force row level security, enable row level security',
  ),
  safe('policy-idle', 'create policy mine on accounts for select using (owner_id = 1)'),
  safe('statistics', 'create statistics s (dependencies) on status, age from users'),
  unsafe('missing-table', 'alter table no_such add column a int'),
  unsafe('quoted-missing-table', 'alter table "Users" add column a int'),
  safe('folded-name', 'ALTER TABLE PUBLIC.USERS ADD COLUMN NEW_ONE INT'),
  unsafe('escaped-name', String.raw`alter table U&"\0075sers" drop column bio`),
  unsafe('schema-not-in-path', 'alter table invoices add column a int'),
  safe(
    'schema-in-path',
    'set search_path to billing, public; alter table invoices add column a int; alter table users add column b int',
  ),
  unsafe(
    'schema-by-function',
    "select set_config('search_path', 'billing', false); alter table invoices drop column paid",
  ),
]

const OBJECTS: readonly IndependentCase[] = [
  unsafe('view-gone', 'drop view if exists active_users'),
  unsafe('view-poorer', 'create or replace view active_users as select id, email from users'),
  safe(
    'view-richer',
    "create or replace view active_users as select id, email, name, age from users where status = 'active'",
  ),
  unsafe(
    'view-retyped',
    'create or replace view active_users as select id::int, email, name from users',
  ),
  unsafe('view-renamed', 'alter view active_users rename to live_users'),
  unsafe(
    'view-drop-alone',
    'drop view active_users; create view active_users as select id, email, name from users',
    { each: 'safe' },
  ),
  safe(
    'view-new',
    'create view grown_ups as select id, bio from users where age > 17; drop view grown_ups',
  ),
  safe('view-option', 'alter view active_users set (security_barrier = true)'),
  unsafe('matview-gone', 'drop materialized view user_stats'),
  unsafe('matview-refresh', 'refresh materialized view user_stats'),
  safe('matview-refresh-concurrently', 'refresh materialized view concurrently user_stats'),
  unsafe('matview-emptied', 'refresh materialized view user_stats with no data'),
  safe(
    'matview-new',
    'create materialized view big as select * from orders; create unique index on big(id)',
  ),
  unsafe('matview-renamed', 'alter materialized view user_stats rename column c to n'),
  unsafe('sequence-gone', 'drop sequence ticket_seq'),
  unsafe('sequence-renamed', 'alter sequence ticket_seq rename to tickets'),
  safe('sequence-new', 'create sequence s owned by users.id'),
  unsafe('schema-gone', 'drop schema if exists billing cascade'),
  unsafe('schema-renamed', 'alter schema billing rename to finance'),
  safe(
    'schema-new',
    'create schema if not exists finance; create table finance.users(id int); drop schema finance cascade',
  ),
  unsafe('type-renamed', 'alter type order_state rename to state'),
  unsafe('label-renamed', "alter type public.order_state rename value 'new' to 'fresh'"),
  safe('label-added', "alter type order_state add value if not exists 'void' before 'paid'"),
  unsafe(
    'label-used-at-once',
    "begin; alter type order_state add value 'void'; alter table orders alter state set default 'void'; commit",
  ),
  safe(
    'label-used-later',
    "alter type order_state add value 'void'; alter table orders alter state set default 'void'",
    { each: 'unsafe' },
  ),
  safe(
    'type-new',
    "create type mood as enum ('a'); alter type mood rename to moods; drop type moods",
  ),
  unsafe('type-moved', 'alter type order_state set schema billing'),
  unsafe('attribute-of-used-type', 'alter type pair add attribute c int', { setup: PAIR }),
  unsafe('function-gone', 'drop function twice(int)', { setup: ROUTINES }),
  unsafe('function-renamed', 'alter function twice(int) rename to double', { setup: ROUTINES }),
  unsafe(
    'function-retyped',
    "create or replace function twice(int) returns bigint language sql as 'select 1::bigint'",
    { setup: ROUTINES },
  ),
  safe(
    'function-new',
    'create function f(a int default 1) returns int language sql return a; drop function f(int)',
  ),
  safe('procedure-new', 'create procedure p() language sql as $$ drop table users $$'),
  safe(
    'trigger-new',
    'create trigger stamp before insert on users for each row execute function touch()',
    { setup: ROUTINES },
  ),
  unsafe('trigger-function-gone', 'drop function touch() cascade', { setup: TRIGGERED }),
  unsafe('rule-instead', 'create rule no_delete as on insert to users do instead nothing'),
  unsafe('revoke', 'revoke insert on users from public'),
  safe('grant-column', 'grant select (id, email), update (name) on users to public'),
  safe('extension-new', 'create extension if not exists pg_trgm with schema public'),
  unsafe('extension-gone', 'drop extension plpgsql cascade'),
  unsafe('owned-gone', 'drop owned by current_user'),
  unsafe('publication-without-key', 'create publication p for table staging_nokey'),
  safe('publication', 'create publication p for table users'),
  unsafe('database-gone', 'drop database app'),
]

export const INDEPENDENT_OBJECTS: readonly IndependentCase[] = [...TABLES, ...OBJECTS]
export { ROUTINES }
