-- Journals, leases, fences and commands. The word changeover before a point stands for the schema that the store was given.
create schema if not exists changeover;

create table if not exists changeover.rollouts (
  id text primary key,
  service text,
  summary text,
  started_at double precision,
  finished_at double precision,
  outcome text,
  next_seq integer not null,
  last_hash text not null,
  last_fence bigint not null,
  changed_at timestamptz not null default clock_timestamp()
);

create table if not exists changeover.entries (
  rollout text not null,
  seq integer not null,
  hash text not null,
  line text not null,
  primary key (rollout, seq)
);

create table if not exists changeover.leases (
  service text primary key,
  holder text not null,
  fence bigint not null,
  expires_at timestamptz not null
);

create table if not exists changeover.commands (
  rollout text not null,
  id text not null,
  body text not null,
  state text not null,
  problem text,
  sent_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  taken_until timestamptz,
  primary key (rollout, id)
);

create index if not exists rollouts_service_idx on changeover.rollouts (service, started_at);
create index if not exists commands_waiting_idx on changeover.commands (expires_at);
