import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadCatalog } from '../../src/catalog/create-catalog.ts'
import { provesNotNull } from '../../src/catalog/expressions.ts'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { catalogPicture } from './catalog-picture.ts'
import { PLANS } from './ddl.ts'
import { after, applyPlan } from './read-plan.ts'

let baseline: string

beforeAll(async () => {
  await loadParser()
  baseline = await readFile(new URL('../cases/baseline.pg.sql', import.meta.url), 'utf8')
})

describe('A catalog', () => {
  it('marks as new what the plan creates, and nothing else', () => {
    const catalog = after(
      baseline,
      'create table made(i int); alter table users add column extra int; create index on users(age)',
    )
    const users = catalog.relation({ name: 'users' })
    expect([users?.isNew, catalog.relation({ name: 'made' })?.isNew]).toEqual([false, true])
    expect(
      [...(users?.columns.values() ?? [])].filter((column) => column.isNew).map(({ name }) => name),
    ).toEqual(['extra'])
    expect(
      [...(users?.indexes.values() ?? [])].filter((index) => index.isNew).map(({ name }) => name),
    ).toEqual(['users_age_idx'])
  })

  it('knows nothing that the schema does not hold', () => {
    expect(after(baseline).relation({ name: 'nope' })).toBeUndefined()
  })

  it.each(Object.entries(PLANS).filter(([, plan]) => !/\b(?:commit|rollback)\b/.test(plan)))(
    'is after a ROLLBACK what it was before: %s',
    (_name, plan) => {
      const catalog = loadCatalog(baseline)
      const before = catalogPicture(catalog, [], [])
      applyPlan(catalog, `begin; ${plan}; rollback`)
      expect(catalogPicture(catalog, [], [])).toEqual(before)
    },
  )

  it('gives those who hold a relation the one that they asked for, whatever comes after', () => {
    const catalog = loadCatalog(baseline)
    const before = catalog.relation({ name: 'users' })
    applyPlan(catalog, 'alter table users drop column nickname')
    expect([
      before?.columns.has('nickname'),
      catalog.relation({ name: 'users' })?.columns.has('nickname'),
    ]).toEqual([true, false])
  })

  it.each([
    ["set timezone to 'UTC'", 'UTC'],
    ["set time zone 'Europe/Berlin'", 'Europe/Berlin'],
    ["set timezone to 'UTC'; reset timezone", undefined],
    ["begin; set local timezone to 'UTC'", 'UTC'],
    ["begin; set local timezone to 'UTC'; commit", undefined],
    ["begin; set timezone to 'UTC'; rollback", undefined],
    ["select set_config('TimeZone', 'UTC', false)", 'UTC'],
  ])('knows the time zone of the session after %s', (plan, expected) => {
    expect(after('', plan).timeZone).toBe(expected)
  })

  it.each([
    ['set search_path to app, "Odd", public', ['app', 'Odd', 'public']],
    ['set search_path = "$user", public', ['public']],
    [`select set_config('search_path', 'A, "B"', false)`, ['a', 'B']],
    ['set search_path to app; reset all', ['public']],
  ])('knows the search path after %s', (plan, expected) => {
    expect(after('', plan).searchPath).toEqual(expected)
  })

  it.each([
    ['int', { name: 'int4', modifiers: [], array: false }],
    ['varchar(50)[]', { name: 'varchar', modifiers: [50], array: true }],
    ['numeric(10)', { name: 'numeric', modifiers: [10, 0], array: false }],
    ['character(3)', { name: 'bpchar', modifiers: [3], array: false }],
    ['timestamp with time zone', { name: 'timestamptz', modifiers: [], array: false }],
    ['bigserial', { name: 'int8', modifiers: [], array: false }],
    ['order_state', { schema: 'public', name: 'order_state', modifiers: [], array: false }],
    ['pg_catalog.text', { name: 'text', modifiers: [], array: false }],
  ])('reads the type %s', (written, expected) => {
    const catalog = after(baseline, `create table t(c ${written})`)
    expect(catalog.relation({ name: 't' })?.columns.get('c')?.type).toEqual(expected)
  })
})

describe('What a check proves to be not null', () => {
  it.each([
    ['a is not null', ['a']],
    ['a is not null and b > 0', ['a']],
    ['a is not null and (b is not null and c > 1)', ['a', 'b']],
    ['a is not null or b is not null', []],
    ['(a is not null and b > 0) or (a is not null and b < 0)', ['a']],
    ['not (a is null)', ['a']],
    ['not (a is null or b is null)', ['a', 'b']],
    ['not (a is null and b is null)', []],
    ['a > 0', []],
    ['a is null', []],
    ['lower(a) is not null', []],
  ])('%s', (expression, expected) => {
    const catalog = after(
      '',
      `create table t(a text, b int, c int, constraint k check (${expression}))`,
    )
    const check = catalog.relation({ name: 't' })?.constraints.get('k')
    expect(provesNotNull(check?.expression)).toEqual(expected)
    expect(check?.provesNotNull).toEqual(expected)
  })
})

describe('An identity column', () => {
  it('may be called NOT NULL by name as well, as the dump of a newer server does', () => {
    const catalog = after(
      'create table t(id bigint generated always as identity constraint t_id_not_null not null, a text)',
    )
    const table = catalog.relation({ name: 't' })
    expect([...(table?.columns.keys() ?? [])]).toEqual(['id', 'a'])
    expect([...(table?.constraints.keys() ?? [])]).toEqual(['t_id_not_null'])
  })
})

describe('The dependents of a relation', () => {
  const dependents = (catalog: Catalog, name: string): string[] =>
    catalog.dependents(catalog.relation({ name })?.id ?? -1).map((one) => one.name)

  it('are the views that read it, the tables that refer to it, its partitions and the sequences of its columns', () => {
    const catalog = after(baseline)
    expect(dependents(catalog, 'users').toSorted()).toEqual([
      'active_users',
      'orders',
      'user_stats',
      'users_id_seq',
    ])
    expect(dependents(catalog, 'events')).toEqual(['events_2025', 'events_2026'])
  })

  it.each([
    ['drop view active_users', 'active_users'],
    ['alter table orders drop constraint orders_user_fk', 'orders'],
    ['drop materialized view user_stats', 'user_stats'],
  ])('go with what bound them: %s', (sql, gone) => {
    expect(dependents(after(baseline, sql), 'users')).not.toContain(gone)
    const undone = after(baseline, `begin; ${sql}; rollback`)
    expect(dependents(undone, 'users')).toContain(gone)
  })
})
