import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'

const INDEXES: readonly IndependentCase[] = [
  unsafe(
    'index-only-if-missing',
    'create index if not exists users_bio on only users using btree (bio)',
  ),
  safe('index-there-already', 'create index if not exists users_status_idx on users(status)'),
  unsafe('index-name-taken', 'create index concurrently users_status_idx on users(bio)'),
  safe(
    'index-expression',
    'create index concurrently on users (lower(email)) where bio is not null',
  ),
  unsafe('index-in-block', 'begin; create index concurrently on users(bio); commit'),
  unsafe('index-in-do', 'do $$ begin create index concurrently ib on users(bio); end $$'),
  safe(
    'index-two',
    'create index concurrently ia on users(bio); create index concurrently ib on users(age)',
    { each: 'unsafe' },
  ),
  safe(
    'index-on-new',
    'create table fresh(id int, a text); insert into fresh values (1, null); create unique index on fresh(a)',
  ),
  safe(
    'index-on-copy',
    'create table users_copy as select * from users; create index on users_copy(email)',
  ),
  safe(
    'index-on-temporary',
    'begin; create temp table t on commit drop as select 1 as a; create index on t(a); commit',
  ),
  unsafe(
    'index-on-same-name-elsewhere',
    'create table billing.users(id int); create index on public.users(bio)',
  ),
  unsafe('index-on-case-twin', 'create table "Users"(id int); create index on users(bio)'),
  safe('index-on-quoted-twin', 'create table "Users"(id int); create index on "Users"(id)'),
  unsafe('index-partitioned', 'create index on events(kind)'),
  unsafe('index-partitioned-concurrently', 'create index concurrently on events(kind)'),
  safe('index-partitioned-only', 'create index ev_kind on only events(kind)'),
  safe('index-partition-attached', 'alter index ev_kind attach partition ev25_kind', {
    setup:
      'create index ev_kind on only events(kind); create index ev25_kind on events_2025(kind);',
  }),
  unsafe('drop-index-if-exists', 'drop index if exists public.users_status_idx'),
  safe('drop-index-missing', 'drop index if exists no_such_index'),
  safe('drop-index-concurrently', 'drop index concurrently if exists users_status_idx'),
  unsafe(
    'drop-index-concurrently-in-block',
    'begin; drop index concurrently users_status_idx; commit',
  ),
  unsafe('drop-unique-concurrently', 'drop index concurrently users_email_key'),
  unsafe('drop-two-concurrently', 'drop index concurrently users_status_idx, orders_note_uq'),
  unsafe('drop-index-of-key', 'drop index sessions_pkey'),
  safe(
    'drop-new-index',
    'create table fresh(a int); create index fresh_a on fresh(a); drop index fresh_a',
  ),
  safe('rename-index', 'alter index users_status_idx rename to users_by_status'),
  safe('index-option', 'alter index users_status_idx set (fillfactor = 80)'),
  unsafe('reindex-index', 'reindex index users_status_idx'),
  safe('reindex-verbose-concurrently', 'reindex (verbose) table concurrently users'),
  safe('reindex-option', 'reindex (concurrently) index users_status_idx'),
  unsafe('reindex-schema', 'reindex schema public'),
  unsafe('reindex-in-block', 'begin; reindex table concurrently users; commit'),
  unsafe('cluster', 'cluster verbose users using users_email_key'),
  safe('cluster-on', 'alter table users cluster on users_email_key'),
  unsafe('vacuum-full', 'vacuum (full, analyze) users'),
  safe('vacuum-freeze', 'vacuum (freeze, verbose) users, orders'),
  unsafe('vacuum-in-block', 'begin; vacuum users; commit'),
  safe('analyze', 'analyze users(email)'),
]

const CONSTRAINTS: readonly IndependentCase[] = [
  unsafe('check-unnamed', 'alter table users add check (age > 0)'),
  unsafe('check-no-inherit', 'alter table users add constraint c check (age > 0) no inherit'),
  safe('check-unproved', 'alter table only users add constraint c check (age > 0) not valid'),
  unsafe(
    'check-unproved-proved',
    'begin; alter table users add constraint c check (age > 0) not valid; alter table users validate constraint c; commit',
  ),
  safe(
    'check-proved-after',
    'alter table users add constraint c check (age >= 0) not valid; alter table users validate constraint c',
    { each: 'unsafe' },
  ),
  safe('check-gone', 'alter table orders drop constraint orders_total_chk'),
  safe('check-renamed', 'alter table orders rename constraint orders_total_chk to total_positive'),
  unsafe('missing-constraint', 'alter table orders drop constraint no_such'),
  safe('missing-constraint-if-exists', 'alter table orders drop constraint if exists no_such'),
  unsafe('foreign-proved', 'alter table accounts add foreign key (owner_id) references users'),
  safe(
    'foreign-unproved',
    'alter table accounts add constraint f foreign key (owner_id) references users(id) on delete cascade not valid',
  ),
  unsafe(
    'foreign-to-nothing-unique',
    'alter table accounts add constraint f foreign key (flags) references users(age) not valid',
  ),
  safe('foreign-gone', 'alter table orders drop constraint orders_user_fk'),
  safe(
    'foreign-deferrable',
    'alter table orders alter constraint orders_user_fk deferrable initially deferred',
  ),
  unsafe(
    'foreign-partitioned',
    'alter table events add constraint f foreign key (id) references users(id) not valid',
  ),
  safe(
    'foreign-partitioned-on-eighteen',
    'alter table events add constraint f foreign key (id) references users(id) not valid',
    { version: 18 },
  ),
  safe(
    'foreign-from-new-table',
    'create table likes(user_id bigint not null references users(id) on delete cascade, primary key (user_id))',
  ),
  safe(
    'foreign-added-to-new-table',
    'create table likes(user_id bigint); alter table likes add foreign key (user_id) references users(id)',
  ),
  unsafe('unique', 'alter table accounts add unique (code)'),
  unsafe('unique-deferrable', 'alter table accounts add constraint u unique (code) deferrable'),
  safe(
    'unique-of-index',
    'alter table users add constraint users_email_key unique using index users_email_key',
  ),
  safe(
    'unique-in-steps',
    'create unique index concurrently u on accounts(ref); alter table accounts add constraint u unique using index u',
    { each: 'unsafe' },
  ),
  unsafe('key-of-nullable-index', 'alter table staging_nokey add primary key using index sk', {
    setup: 'create unique index sk on staging_nokey(k);',
  }),
  safe('key-of-index', 'alter table staging_nokey add primary key using index sk', {
    setup:
      'create unique index sk on staging_nokey(k); alter table staging_nokey alter k set not null;',
  }),
  unsafe('key', 'alter table staging_nokey add constraint pk primary key (k)'),
  unsafe('second-key', 'alter table users add primary key (email)'),
  unsafe('unique-of-partial', 'alter table users add constraint u unique using index pu', {
    setup: 'create unique index pu on users(nickname) where age > 1;',
  }),
  unsafe('unique-gone', 'alter table accounts drop constraint u', {
    setup: 'alter table accounts add constraint u unique (ref);',
  }),
  unsafe('key-gone-cascade', 'alter table accounts drop constraint accounts_pkey cascade'),
  unsafe(
    'exclude',
    'alter table accounts add constraint x exclude using gist (ip inet_ops with &&)',
  ),
  unsafe('domain-check', 'alter domain short_text add constraint c check (value <> $$x$$)', {
    setup: 'alter table users add column motto short_text;',
  }),
  safe(
    'domain-check-unproved',
    'alter domain short_text add constraint c check (value <> $$x$$) not valid',
    { setup: 'alter table users add column motto short_text;' },
  ),
  unsafe('domain-required', 'alter domain short_text set not null', {
    setup: "alter table users add column motto short_text default 'a';",
  }),
  safe('domain-loosened', 'alter domain short_text drop constraint short_text_check'),
  safe('domain-default', "alter domain short_text set default 'x'"),
  unsafe('domain-renamed', 'alter domain short_text rename to brief_text'),
]

const PARTITIONS: readonly IndependentCase[] = [
  unsafe(
    'attach-scan',
    "alter table events attach partition events_2024 for values from ('2024-01-01') to ('2025-01-01')",
  ),
  unsafe(
    'attach-half-proved',
    "alter table events attach partition events_2024 for values from ('2024-01-01') to ('2025-01-01')",
    {
      setup: "alter table events_2024 add check (at >= '2024-01-01');",
    },
  ),
  safe(
    'attach-new',
    "create table events_2028 (like events including all); alter table events attach partition events_2028 for values from ('2028-01-01') to ('2029-01-01')",
  ),
  safe(
    'partition-new',
    "create table events_2028 partition of events for values from ('2028-01-01') to ('2029-01-01')",
  ),
  safe('partition-default', 'create table events_rest partition of events default'),
  unsafe('detach', 'alter table events detach partition events_2025'),
  safe('detach-concurrently', 'alter table events detach partition events_2025 concurrently'),
  unsafe('drop-partition', 'drop table events_2025'),
  unsafe('column-of-partition', 'alter table events_2025 add column a int'),
  unsafe('column-of-parent-only', 'alter table only events add column a int'),
  safe('column-of-parent', 'alter table events add column a int'),
  unsafe('partition-not-null', 'alter table events_2025 alter column kind set not null'),
  unsafe('partition-key-missing', 'alter table events add primary key (id)'),
  safe(
    'partition-check-unproved',
    "alter table events add constraint c check (kind <> '') not valid",
  ),
  safe('children-left', 'alter table kid no inherit elder', {
    setup: 'create table elder(a int); create table kid() inherits (elder);',
  }),
]

export const INDEPENDENT_RELATIONS: readonly IndependentCase[] = [
  ...INDEXES,
  ...CONSTRAINTS,
  ...PARTITIONS,
]
