import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pgliteOracle } from '../../src/oracles/pglite.ts'
import { oracleConformance } from './oracle-conformance.ts'

const made: string[] = []
afterAll(() => Promise.all(made.map((directory) => rm(directory, { recursive: true }))))

oracleConformance('PGlite', () => pgliteOracle())

test('starts from what it kept, gives one session at a time, and refuses a schema that does not load', async () => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'changeover-pglite-'))
  made.push(cacheDirectory)
  const oracle = await pgliteOracle({ cacheDirectory })
  expect(await readdir(cacheDirectory)).toEqual([expect.stringMatching(/^pglite-.*\.tar\.gz$/)])
  const events: string[] = []
  const first = await oracle.open('create table things (id int)')
  const second = oracle.open('create table things (id int)').then((session) => {
    events.push('second opens')
    return session
  })
  const [seen] = await first.run(['alter table things add check (id > -9)'], { transaction: false })
  expect(seen?.locks).toEqual([
    { relation: 'public.things', mode: 'ACCESS EXCLUSIVE', work: 'scan' },
  ])
  events.push('first closes')
  await first.close()
  const later = await second
  expect(events).toEqual(['first closes', 'second opens'])
  await later.close()
  const bad = oracle.open('create table a (x int);\n\ncreate table b (y nothing)')
  await expect(bad).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED',
    message: expect.stringContaining('line 3') as string,
  })
  expect(oracle.close()).toBe(oracle.close())
  await oracle.close()
}, 120_000)
