import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { afterUnknown, applyPlan } from './read-plan.ts'

describe('A catalog of a database that nobody told us of', () => {
  beforeAll(loadParser)

  it('takes a table to exist, and the same one each time', () => {
    const catalog = afterUnknown('')
    const [once, again] = [
      catalog.relation({ name: 'users' }),
      catalog.relation({ schema: 'public', name: 'users' }),
    ]
    expect(once).toMatchObject({
      schema: 'public',
      name: 'users',
      kind: 'table',
      assumed: true,
      isNew: false,
    })
    expect(again?.id).toBe(once?.id)
    expect(catalog.relation({ schema: 'app', name: 'users' })?.id).not.toBe(once?.id)
  })

  it('knows a table that the plan creates as new, though it was asked for before', () => {
    const catalog = afterUnknown('')
    catalog.relation({ name: 'made' })
    applyPlan(catalog, 'create table made(id int primary key)')
    expect(catalog.relation({ name: 'made' })).toMatchObject({ assumed: false, isNew: true })
    expect(catalog.index({ name: 'made_pkey' })?.isNew).toBe(true)
  })

  it.each([
    ['drop table users'],
    ['alter table users rename to people'],
    ['alter table users set schema app'],
  ])('does not assume what went away: %s', (sql) => {
    expect(afterUnknown(sql).relation({ name: 'users' })).toBeUndefined()
  })

  it('follows an assumed table through a rename', () => {
    const catalog = afterUnknown('')
    const before = catalog.relation({ name: 'users' })
    applyPlan(catalog, 'alter table users rename to people; alter table people add column age int')
    const now = catalog.relation({ name: 'people' })
    expect(now).toMatchObject({ id: before?.id, assumed: true, isNew: false })
    expect(now?.columns.get('age')?.isNew).toBe(true)
  })

  it('remembers a check that was added and validated', () => {
    const catalog = afterUnknown(
      'alter table users add constraint c check (email is not null) not valid',
    )
    expect(catalog.relation({ name: 'users' })?.constraints.get('c')).toMatchObject({
      valid: false,
      provesNotNull: ['email'],
    })
    applyPlan(catalog, 'alter table users validate constraint c')
    expect(catalog.relation({ name: 'users' })?.constraints.get('c')?.valid).toBe(true)
  })

  it('notes that a view reads every column where a star stands for columns nobody knows', () => {
    const catalog = afterUnknown(
      'create view v as select * from users; create view w as select u.id from users u',
    )
    const users = catalog.relation({ name: 'users' })?.id ?? -1
    expect(catalog.relation({ name: 'v' })?.reads.get(users)).toEqual(new Set(['*']))
    expect(catalog.relation({ name: 'w' })?.reads.get(users)).toEqual(new Set(['id']))
  })

  it('takes a table that a transaction dropped to exist again after the ROLLBACK', () => {
    const catalog = afterUnknown('begin; drop table users; rollback')
    expect(catalog.relation({ name: 'users' })?.assumed).toBe(true)
  })

  it('does not take a replaced view or function to be new', () => {
    const catalog =
      afterUnknown(`create or replace view v as select 1 as one; create view n as select 1 as one;
      create or replace function f() returns int language sql as 'select 1'; create function g() returns int language sql as 'select 1'`)
    expect([
      catalog.relation({ name: 'v' })?.isNew,
      catalog.relation({ name: 'n' })?.isNew,
    ]).toEqual([false, true])
    expect([catalog.functionIsNew({ name: 'f' }), catalog.functionIsNew({ name: 'g' })]).toEqual([
      false,
      true,
    ])
  })

  it('assumes nothing in the schemas of the system', () => {
    expect(afterUnknown('').relation({ schema: 'pg_catalog', name: 'pg_class' })).toBeUndefined()
  })
})
