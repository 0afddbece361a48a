import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'

const GENERATED =
  'create table carts(id int primary key, net int, vat int, gross int generated always as (net + vat) stored); insert into carts select g, g, g from generate_series(1, 4000) g;'
const FUNCTIONS =
  "create function tidy() returns text language sql immutable as $$ select 'a'::text $$; create function draw() returns text language sql volatile as $$ select random()::text $$;"
const PRECISE =
  'alter table accounts add column seen timestamptz(3), add column bits bit varying(8);'

const ADDED: readonly IndependentCase[] = [
  safe('array-default', "alter table users add tags text[] not null default '{}'"),
  safe(
    'interval-default',
    "alter table users add column due timestamptz default now() + interval '30 days'",
  ),
  safe(
    'current-user-default',
    'alter table public.users add column if not exists made_by text default current_user',
  ),
  safe(
    'cast-default',
    "alter table users add column kind varchar(10) not null default 'a'::varchar",
  ),
  safe('negative-default', 'alter table users add column balance int not null default -1'),
  safe('null-default', 'alter table users add column remark text default null'),
  safe(
    'immutable-call-default',
    "alter table users add column k text default lower(repeat('AB', 2))",
  ),
  safe('stable-call-default', "alter table users add column y text default to_char(now(), 'YYYY')"),
  safe(
    'statement-time-default',
    'alter table users add column t timestamptz default statement_timestamp()',
  ),
  safe('own-immutable-default', 'alter table users add column k text default tidy()', {
    setup: FUNCTIONS,
  }),
  unsafe('own-volatile-default', 'alter table users add column k text default draw()', {
    setup: FUNCTIONS,
  }),
  unsafe(
    'wall-clock-default',
    'alter table users add column t timestamptz default clock_timestamp()',
  ),
  unsafe('time-of-day-default', 'alter table users add column t text default timeofday()'),
  unsafe(
    'nested-random-default',
    'alter table users add column t text default upper(md5(random()::text))',
  ),
  unsafe('random-in-array', 'alter table users add column t float[] default array[random()]'),
  unsafe(
    'random-in-case',
    'alter table users add column t int default case when random() > 0.5 then 1 else 0 end',
  ),
  unsafe('nextval-default', "alter table users add column t bigint default nextval('ticket_seq')"),
  unsafe(
    'uuid-text-default',
    'alter table users add column t text default gen_random_uuid()::text',
  ),
  unsafe('uuid-seven-default', 'alter table users add column t uuid default uuidv7()', {
    version: 18,
  }),
  unsafe('constant-default-on-ten', 'alter table users add column t int default 1', {
    version: 10,
  }),
  unsafe('small-serial', 'alter table users add column n smallserial'),
  unsafe('required', 'alter table if exists only users add column tenant int not null'),
  unsafe('required-null-default', 'alter table users add column tenant int not null default null'),
  unsafe('inline-check', 'alter table users add column pct int check (pct between 0 and 100)'),
  unsafe('inline-primary', 'alter table staging_nokey add column id int primary key'),
  safe(
    'reference-nullable',
    'alter table orders add column parent_id bigint references orders(id) on delete set null',
  ),
  unsafe(
    'reference-default',
    'alter table orders add column owner bigint default 1 references users(id)',
  ),
  unsafe(
    'stored-generated',
    'alter table users add column initial text generated always as (left(email, 1)) stored',
  ),
  safe(
    'virtual-generated',
    'alter table users add column initial text generated always as (left(email, 1)) virtual',
    { version: 18 },
  ),
  unsafe(
    'virtual-before-eighteen',
    'alter table users add column initial text generated always as (left(email, 1)) virtual',
  ),
  safe('enum-column', "alter table users add column last_state order_state not null default 'new'"),
  safe('open-domain', 'alter table users add column label label', {
    setup: 'create domain label as text;',
  }),
  unsafe('not-null-domain', 'alter table users add column label label', {
    setup: 'create domain label as text not null;',
  }),
  unsafe('same-name-twice', 'alter table users add column email text'),
  safe('same-name-if-not-exists', 'alter table users add column if not exists email text'),
  unsafe(
    'one-bad-of-three',
    'alter table users add column a int, add column b uuid default gen_random_uuid(), add column c int',
  ),
  safe(
    'required-on-new-table',
    'create table fresh(id int primary key); alter table fresh add column a int not null',
  ),
]

const TAKEN: readonly IndependentCase[] = [
  unsafe('drop-without-word', 'alter table users drop nickname'),
  unsafe('drop-cascade', 'alter table only public.users drop column status cascade'),
  safe('drop-missing-if-exists', 'alter table users drop column if exists no_such_column'),
  unsafe('drop-missing', 'alter table users drop column no_such_column'),
  safe('drop-on-missing-table', 'alter table if exists no_such_table drop column a'),
  unsafe(
    'drop-hidden-in-list',
    'alter table users add column a int, alter nickname set default 1, drop bio',
  ),
  unsafe('rename-without-word', 'alter table users rename nickname to nick'),
  unsafe('rename-quoted', 'alter table "Order Items" rename column "order" to position'),
  unsafe(
    'rename-by-catalog',
    "update pg_catalog.pg_attribute set attname = 'x' where attname = 'bio'",
  ),
  unsafe('drop-default-required', 'alter table users alter created_at drop default'),
  safe('drop-default-nullable', 'alter table users alter column status drop default'),
  unsafe('drop-identity', 'alter table users alter column id drop identity'),
  unsafe('identity-always', 'alter table users alter id set generated always'),
  safe(
    'identity-added',
    'alter table accounts alter column id add generated by default as identity',
  ),
  unsafe(
    'identity-added-always',
    'alter table accounts alter column id add generated always as identity',
  ),
  safe(
    'default-sequence',
    "alter table accounts alter column id set default nextval('ticket_seq')",
  ),
  safe('drop-not-null', 'alter table users alter email drop not null'),
  unsafe('drop-not-null-of-key', 'alter table accounts alter id drop not null'),
  unsafe('expression-changed', 'alter table carts alter gross set expression as (net)', {
    setup: GENERATED,
    version: 18,
  }),
  unsafe('drop-generating-column', 'alter table carts drop column vat', { setup: GENERATED }),
  safe('storage', 'alter table users alter bio set storage external'),
  safe('compression', 'alter table users alter column bio set compression pglz'),
  safe('attribute-options', 'alter table users alter column status set (n_distinct = 5)'),
]

const REQUIRED: readonly IndependentCase[] = [
  unsafe('not-null-plain', 'alter table accounts alter flags set not null'),
  unsafe('not-null-two', 'alter table accounts alter ref set not null, alter flags set not null'),
  safe('not-null-already', 'alter table users alter email set not null'),
  safe('not-null-of-and', 'alter table accounts alter flags set not null', {
    setup: 'alter table accounts add constraint c check (flags is not null and flags > -1);',
  }),
  unsafe('not-null-of-or', 'alter table accounts alter flags set not null', {
    setup: 'alter table accounts add constraint c check (flags is not null or code is null);',
  }),
  unsafe('not-null-of-comparison', 'alter table accounts alter flags set not null', {
    setup: 'alter table accounts add constraint c check (flags > 0);',
  }),
  unsafe('not-null-of-unproved', 'alter table accounts alter flags set not null', {
    setup: 'alter table accounts add constraint c check (flags is not null) not valid;',
  }),
  unsafe('not-null-proved-on-eleven', 'alter table accounts alter flags set not null', {
    setup: 'alter table accounts add constraint c check (flags is not null);',
    version: 11,
  }),
  safe(
    'not-null-in-steps',
    'alter table accounts add constraint c check (flags is not null) not valid; alter table accounts validate constraint c; alter table accounts alter flags set not null; alter table accounts drop constraint c',
    { each: 'unsafe' },
  ),
  unsafe(
    'not-null-proof-dropped',
    'alter table accounts drop constraint c; alter table accounts alter flags set not null',
    { setup: 'alter table accounts add constraint c check (flags is not null);' },
  ),
  safe('not-null-not-valid', 'alter table accounts add constraint c not null flags not valid', {
    version: 18,
  }),
  unsafe('not-null-named', 'alter table accounts add constraint c not null flags', { version: 18 }),
]

const RETYPED: readonly IndependentCase[] = [
  safe('widen', 'alter table users alter column legacy_code type varchar(40)'),
  unsafe('widen-under-view', 'alter table users alter column name type varchar(100)'),
  unsafe('narrow', 'alter table users alter legacy_code type varchar(10)'),
  unsafe('text-limited', 'alter table users alter column bio set data type varchar(500)'),
  safe('limit-off', 'alter table accounts alter code type text'),
  safe('numeric-wider', 'alter table accounts alter balance type numeric(16, 2)'),
  unsafe('numeric-scale', 'alter table accounts alter balance type numeric(16, 4)'),
  safe('numeric-open', 'alter table accounts alter balance type decimal'),
  unsafe('numeric-limited', 'alter table billing.invoices alter amount type numeric(20, 2)'),
  unsafe('checked-numeric-wider', 'alter table orders alter total type numeric(14, 2)'),
  safe('cidr-inet', 'alter table accounts alter ip type inet'),
  unsafe('int-text', 'alter table accounts alter flags type text using flags::text'),
  unsafe('bigint-int', 'alter table accounts alter owner_id type integer'),
  unsafe('int-numeric', 'alter table users alter age type numeric'),
  unsafe('json-jsonb', 'alter table accounts alter meta type jsonb using meta::jsonb'),
  unsafe('enum-text', 'alter table orders alter state drop default, alter state type text'),
  unsafe('upper-using', 'alter table users alter bio type text using upper(bio)'),
  unsafe('text-constrained-domain', 'alter table users alter bio type short_text'),
  unsafe('stamp-zone', 'alter table accounts alter opened_on type timestamp with time zone'),
  safe(
    'stamp-zone-utc',
    "set time zone 'UTC'; alter table accounts alter opened_on type timestamptz",
  ),
  unsafe(
    'stamp-zone-local-utc',
    "begin; set local timezone to 'UTC'; commit; alter table accounts alter opened_on type timestamptz",
  ),
  unsafe('stamp-precision-less', 'alter table users alter created_at type timestamptz(3)'),
  safe('stamp-precision-more', 'alter table accounts alter seen type timestamptz', {
    setup: PRECISE,
  }),
  safe('bits-wider', 'alter table accounts alter bits type varbit(64)', { setup: PRECISE }),
  unsafe('char-padded', 'alter table accounts alter code type char(8)'),
  unsafe('indexed-collation', 'alter table orders alter ext_ref type text collate "C"'),
  unsafe('partition-key', 'alter table events alter column at type timestamp'),
  unsafe('generated-source', 'alter table carts alter net type bigint', { setup: GENERATED }),
  safe('same-type', 'alter table users alter bio type text'),
]

export const INDEPENDENT_COLUMNS: readonly IndependentCase[] = [
  ...ADDED,
  ...TAKEN,
  ...REQUIRED,
  ...RETYPED,
]
