import { safe, unsafe } from './independent-case.ts'
import type { IndependentCase } from './independent-case.ts'

const YEAR = `create table events_2027 partition of events for values from ('2027-01-01') to ('2028-01-01')`
const REST = 'create table events_rest partition of events default'

/** A default partition that holds to a check. */
function rest(check: string): { readonly setup: string } {
  return { setup: `${REST}; alter table events_rest add check (${check})` }
}

function listed(check: string): { readonly setup: string } {
  return {
    setup: `create table parts (k text) partition by list (k); create table parts_rest partition of parts default; alter table parts_rest add check (${check})`,
  }
}

const LIST = `create table parts_a partition of parts for values in ('a', 'b')`
const ATTACH = `alter table parts attach partition parts_new for values in ('a', 'b')`

const OUTSIDE: readonly IndependentCase[] = [
  safe('rest-outside', YEAR, rest(`at is not null and (at < '2027-01-01' or at >= '2028-01-01')`)),
  safe('rest-before', YEAR, rest(`at < '2027-01-01'`)),
  safe('rest-negated', YEAR, rest(`not (at >= '2027-01-01' and at < '2028-01-01')`)),
  safe('rest-negated-between', YEAR, rest(`not (at between '2027-01-01' and '2028-01-01')`)),
  unsafe('rest-overlaps', YEAR, rest(`at < '2027-06-01'`)),
  unsafe('rest-touches', YEAR, rest(`at <= '2027-01-01'`)),
  unsafe('rest-one-side', YEAR, rest(`at < '2027-01-01' or kind = 'x'`)),
  unsafe('rest-negated-part', YEAR, rest(`not (at >= '2027-01-01' and at < '2027-06-01')`)),
  unsafe('rest-other-column', YEAR, rest(`id < 5`)),
  unsafe('rest-not-valid', YEAR, {
    setup: `${REST}; alter table events_rest add check (at < '2027-01-01') not valid`,
  }),
  safe(
    'rest-checked-first',
    `alter table events_rest add check (at < '2027-01-01') not valid; ${YEAR}`,
    {
      setup: `${REST}; alter table events_rest add constraint early check (at < '2026-01-01')`,
    },
  ),
  safe('rest-unlisted', LIST, listed(`k not in ('a', 'b', 'c')`)),
  safe('rest-each-unlisted', LIST, listed(`k in ('y', 'z')`)),
  unsafe('rest-half-unlisted', LIST, listed(`k <> 'a'`)),
  unsafe('rest-listed', LIST, listed(`k in ('a', 'z')`)),
]

const OTHERS: readonly IndependentCase[] = [
  unsafe(
    'detach-concurrently-in-transaction',
    'begin; alter table events detach partition events_2025 concurrently; commit',
  ),
  unsafe('attach-what-is-excluded', ATTACH, {
    setup: `create table parts (k text) partition by list (k); create table parts_new (k text not null, check (k not in ('a', 'b')))`,
  }),
  safe('attach-what-is-listed', ATTACH, {
    setup: `create table parts (k text) partition by list (k); create table parts_new (k text not null, check (k in ('a', 'b')))`,
  }),
  unsafe('domain-of-constrained-domain', 'alter table users add column motto motto', {
    setup: 'create domain motto as short_text',
  }),
  safe('domain-of-domain', 'alter table users add column motto motto', {
    setup: 'create domain plain as text; create domain motto as plain',
  }),
  unsafe(
    'proof-dropped-with-it',
    'alter table accounts drop constraint c, alter flags set not null',
    {
      setup: 'alter table accounts add constraint c check (flags is not null)',
    },
  ),
  unsafe('retyped-as-serial', 'alter table catalog alter id type serial'),
]

/** A sixth draw. */
export const INDEPENDENT_SIXTH: readonly IndependentCase[] = [...OUTSIDE, ...OTHERS]
