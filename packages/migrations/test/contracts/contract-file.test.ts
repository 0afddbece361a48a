import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  checkMigrations,
  formatContract,
  loadContract,
  mergeContracts,
  recordContract,
} from '@changeover/migrations'
import type { Contract } from '@changeover/migrations'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changeover-contract-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function contractOf(...queries: readonly string[]): Contract {
  const all = queries.map((sql) => ({ id: sql, sql, parameters: [], named: false }))
  return { version: 1, release: '1.0.0', queries: all }
}

test('two processes each add a part to a folder, and both are read as one', async () => {
  const worker = fileURLToPath(new URL('fixtures/save-part.mjs', import.meta.url))
  const parts = join(folder, 'schema-contract.d/')
  const run = promisify(execFile)
  await Promise.all([
    run(process.execPath, [worker, parts, 'SELECT 1', 'SELECT 2']),
    run(process.execPath, [worker, parts, 'SELECT 2', 'SELECT 3']),
  ])
  expect(await readdir(parts)).toHaveLength(2)
  const { release, queries } = await loadContract(parts)
  expect(release).toBe('1.0.0')
  expect(queries.map(({ sql }) => sql)).toEqual(['SELECT 1', 'SELECT 2', 'SELECT 3'])
})

test('a file is replaced as a whole, and what is loaded is what was recorded', async () => {
  const path = join(folder, 'new', 'schema-contract.json')
  const client = { query: (_sql: string) => Promise.resolve() }
  const recorder = recordContract(client)
  await client.query('SELECT b')
  await recorder.save(path)
  await client.query('SELECT a')
  await recorder.save(path)
  recorder.close()
  expect(await loadContract(path)).toEqual(recorder.contract())
  expect(await readdir(join(folder, 'new'))).toEqual(['schema-contract.json'])
  expect(await readFile(path, 'utf8')).toBe(formatContract(recorder.contract()))
})

test('the same queries give the same file, in whatever order they came', () => {
  expect(formatContract(contractOf('b', 'a'))).toBe(formatContract(contractOf('a', 'b')))
  expect(mergeContracts(contractOf('b', 'a'), contractOf('c'))).toEqual(
    mergeContracts(contractOf('c'), contractOf('a', 'b')),
  )
})

test('a query that is named anywhere is named, and types are kept where they are known', () => {
  const [plain] = contractOf('a').queries
  const named = {
    ...contractOf(),
    queries: [
      {
        id: 'a',
        sql: 'a',
        named: true,
        parameters: ['integer'],
        result: [{ name: 'x', type: 'text' }],
      },
    ],
  }
  for (const merged of [
    mergeContracts(contractOf('a'), named),
    mergeContracts(named, contractOf('a')),
  ])
    expect(merged.queries).toEqual([{ ...plain, ...named.queries[0] }])
})

test.each<[string, string, string]>([
  ['later version', '{"version":2,"queries":[]}', 'version 2'],
  ['no JSON', '{', 'JSON'],
  ['no contract', '{"queries":[{"sql":1}]}', 'queries'],
])('refuses a file of a %s', async (name, content, problem) => {
  const path = join(folder, `${name}.json`)
  await writeFile(path, content)
  await expect(loadContract(path)).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE',
    message: expect.stringContaining(problem) as string,
  })
})

test('refuses what is not there, and a folder without parts', async () => {
  const code = 'CHANGEOVER_MIGRATIONS_CONTRACT_UNREADABLE'
  await expect(loadContract(join(folder, 'nothing.json'))).rejects.toMatchObject({ code })
  const empty = await mkdtemp(join(folder, 'empty-'))
  await expect(loadContract(empty)).rejects.toMatchObject({ code })
})

test('a contract that was loaded is taken as that of a live release', async () => {
  const path = join(folder, 'live.json')
  await writeFile(path, formatContract(contractOf('SELECT bio FROM users')))
  const live = [{ release: '1.0.0', contract: await loadContract(path) }]
  const report = await checkMigrations({
    schema: 'CREATE TABLE users (bio text)',
    migrations: ['ALTER TABLE users DROP COLUMN bio'],
    live,
  })
  expect(report.verdict).toBe('unsafe')
})
