import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import {
  MIGRATION_FORMATS,
  checkMigrations,
  loadMigrations,
  transactionsOf,
} from '@changeover/migrations'
import type { LoadOptions, MigrationFormat } from '@changeover/migrations'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareVersions } from '../../src/sources/version.ts'

const projects = relative(
  process.cwd(),
  fileURLToPath(new URL('../fixtures/projects', import.meta.url)),
)
const people = 'CREATE TABLE people (id bigint PRIMARY KEY);\n'
const city = 'ALTER TABLE people ADD COLUMN city text;\n'

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'changeover-sources-'))
})
afterAll(() => rm(scratch, { recursive: true }))

/** A folder with these files. */
async function folder(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [file, content] of Object.entries(files)) {
    const path = join(scratch, name, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  return join(scratch, name)
}

describe('each format gives ids, order, text, place and transaction', () => {
  const cases: readonly [project: string, mode: 'each' | 'all', migrations: readonly object[]][] = [
    [
      'plain',
      'each',
      [
        { id: '1_people', file: 'plain/1_people.sql', sql: people },
        { id: '2_city', file: 'plain/2_city.sql', sql: city },
        {
          id: '10_index',
          file: 'plain/10_index.sql',
          sql: 'CREATE INDEX people_city ON people (city);\n',
        },
      ],
    ],
    [
      'pairs',
      'each',
      [
        { id: '000001_people', file: 'pairs/000001_people.up.sql', sql: people },
        { id: '000002_city', file: 'pairs/000002_city.up.sql', sql: city },
      ],
    ],
    [
      'names',
      'each',
      [
        { id: 'a-people', file: 'names/a-people.sql', sql: people },
        { id: 'b-city', file: 'names/b-city.sql', sql: city },
      ],
    ],
    [
      'flyway',
      'each',
      [
        { id: 'V1__people', file: 'flyway/V1__people.sql', sql: people },
        { id: 'V1_2__city', file: 'flyway/V1_2__city.sql', sql: city },
        {
          id: 'V1_10__index',
          file: 'flyway/later/V1_10__index.sql',
          sql: 'CREATE INDEX CONCURRENTLY people_city ON people (city);\n',
          transaction: 'none',
        },
        {
          id: 'R__cities',
          file: 'flyway/R__cities.sql',
          sql: 'CREATE OR REPLACE VIEW cities AS SELECT DISTINCT city FROM people;\n',
        },
      ],
    ],
    [
      'dbmate',
      'each',
      [
        {
          id: '20240102030405_people',
          file: 'dbmate/20240102030405_people.sql',
          sql: `${people}\n`,
          firstLine: 2,
        },
        {
          id: '20240203040506_index',
          file: 'dbmate/20240203040506_index.sql',
          sql: 'CREATE INDEX CONCURRENTLY people_id ON people (id);\n\n',
          firstLine: 4,
          transaction: 'none',
        },
      ],
    ],
    [
      'sqlx',
      'each',
      [
        { id: '20240102030405_people', file: 'sqlx/20240102030405_people.sql', sql: people },
        {
          id: '20240203040506_index',
          file: 'sqlx/20240203040506_index.sql',
          sql: '-- no-transaction\nCREATE INDEX CONCURRENTLY people_id ON people (id);\n',
          transaction: 'none',
        },
      ],
    ],
    [
      'goose',
      'each',
      [
        {
          id: '00001_people',
          file: 'goose/00001_people.sql',
          sql: '-- +goose StatementBegin\nCREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND $$;\n-- +goose StatementEnd\n\n',
          firstLine: 2,
        },
        {
          id: '00002_index',
          file: 'goose/00002_index.sql',
          sql: 'CREATE INDEX CONCURRENTLY people_id ON people (id);\n',
          firstLine: 3,
          transaction: 'none',
        },
      ],
    ],
    [
      'graphile',
      'each',
      [
        {
          id: '000001-people',
          file: 'graphile/committed/000001-people.sql',
          sql: people,
          firstLine: 5,
        },
        {
          id: '000002',
          file: 'graphile/committed/000002.sql',
          sql: 'CREATE INDEX CONCURRENTLY people_id ON people (id);\n',
          firstLine: 5,
          transaction: 'none',
        },
        {
          id: 'current',
          file: 'graphile/current.sql',
          sql: `-- Enter migration here\n${city}`,
          firstLine: 1,
        },
      ],
    ],
    [
      'prisma',
      'each',
      [
        {
          id: '20240102030405_people',
          file: 'prisma/20240102030405_people/migration.sql',
          sql: expect.stringContaining('CREATE TABLE'),
        },
        {
          id: '20240203040506_city',
          file: 'prisma/20240203040506_city/migration.sql',
          sql: expect.stringContaining('DROP COLUMN'),
        },
      ],
    ],
    [
      'drizzle',
      'all',
      [
        {
          id: '0000_people',
          file: 'drizzle/0000_people.sql',
          sql: expect.stringContaining('--> statement-breakpoint'),
        },
        {
          id: '0001_city',
          file: 'drizzle/0001_city.sql',
          sql: expect.stringContaining('RENAME COLUMN'),
        },
      ],
    ],
    [
      'drizzle-folders',
      'all',
      [
        {
          id: '20250101000000_people',
          file: 'drizzle-folders/20250101000000_people/migration.sql',
          sql: expect.any(String),
        },
        {
          id: '20250201000000_city',
          file: 'drizzle-folders/20250201000000_city/migration.sql',
          sql: expect.any(String),
        },
      ],
    ],
    [
      'node-pg-migrate-sql',
      'all',
      [
        {
          id: '1700000000000_people',
          file: 'node-pg-migrate-sql/1700000000000_people.sql',
          sql: 'CREATE TABLE people (id bigint PRIMARY KEY, city text);\n\n',
          firstLine: 2,
        },
        {
          id: '1700000000001_index',
          file: 'node-pg-migrate-sql/1700000000001_index.sql',
          sql: 'CREATE INDEX people_city ON people (city);\n\n',
          firstLine: 2,
        },
      ],
    ],
  ]

  test.each(cases)('%s', async (project, mode, expected) => {
    const migrations = await loadMigrations(join(projects, project))
    const shown = migrations.map((one) => ({ ...one, file: one.file.slice(projects.length + 1) }))
    expect(shown).toStrictEqual(expected)
    expect(transactionsOf(migrations)).toBe(mode)
    expect(transactionsOf(migrations.filter((_, index) => index > 0))).toBe(mode)
  })

  test('the files of Drizzle are those that Drizzle itself reads, in its order', async () => {
    const migrationsFolder = join(projects, 'drizzle')
    const own = readMigrationFiles({ migrationsFolder }).map(({ sql }) =>
      sql.join('--> statement-breakpoint'),
    )
    expect((await loadMigrations(migrationsFolder)).map(({ sql }) => sql)).toEqual(own)
  })

  test('node-pg-migrate compares dates of 17 digits with times in milliseconds, and equal numbers by name', async () => {
    const up = '-- Up Migration\nSELECT 1;\n'
    const files = [
      '20240102030405006_c.sql',
      '1704164645007_d.sql',
      '1704164645005_b.sql',
      '1704164645005_a.sql',
    ]
    const path = await folder('times', Object.fromEntries(files.map((file) => [file, up])))
    const names = (await loadMigrations(path)).map(({ id }) => id.at(-1))
    expect(names).toEqual(['a', 'b', 'c', 'd'])
  })

  test('the table names what its tool is told by', () => {
    for (const facts of Object.values(MIGRATION_FORMATS)) {
      for (const text of [facts.tool, facts.files, facts.recognisedBy, facts.order])
        expect(text).not.toBe('')
    }
  })
})

describe('what is loaded is judged at the right place', () => {
  test.each<[string, { file: string; line: number; rule?: string }]>([
    ['prisma', { file: 'prisma/20240203040506_city/migration.sql', line: 8, rule: 'drop-column' }],
    ['drizzle', { file: 'drizzle/0001_city.sql', line: 2, rule: 'rename-column' }],
    ['node-pg-migrate-sql', { file: 'node-pg-migrate-sql/1700000000001_index.sql', line: 2 }],
    ['plain', { file: 'plain/10_index.sql', line: 1 }],
  ])('%s', async (project, { file, ...place }) => {
    const all = await loadMigrations(join(projects, project))
    const migrations = await loadMigrations(join(projects, project), {
      after: all.at(-2)?.id ?? '',
    })
    const schema = all
      .slice(0, -1)
      .map(({ sql }) => sql)
      .join('\n;\n')
    const transactions = transactionsOf(migrations)
    const report = await checkMigrations({ schema, migrations, transactions })
    expect(report.verdict).toBe('unsafe')
    expect(report.findings).toContainEqual(
      expect.objectContaining({ verdict: 'unsafe', file: join(projects, file), ...place }),
    )
  })
})

describe('only what is pending', () => {
  test.each<[string, LoadOptions, readonly string[]]>([
    ['after an id', { after: '1_people' }, ['2_city', '10_index']],
    ['after a version', { after: '2' }, ['10_index']],
    ['but for those applied', { applied: ['1_people', '10'] }, ['2_city']],
    ['nothing is left', { applied: ['1', '2', '10'] }, []],
    ['sorted by name', { order: 'lexical' }, ['10_index', '1_people', '2_city']],
  ])('%s', async (_, options, ids) => {
    const migrations = await loadMigrations(join(projects, 'plain'), options)
    expect(migrations.map(({ id }) => id)).toEqual(ids)
  })
})

describe('what would be read wrongly is refused, with the file and the remedy', () => {
  const up = '-- migrate:up\nSELECT 1;\n'
  const cases: readonly [
    name: string,
    files: Record<string, string | Uint8Array>,
    code: string,
    says: string,
    options?: LoadOptions,
  ][] = [
    ['no file at all', { '.keep': '' }, 'SOURCE_EMPTY', 'no migration'],
    ['scripts only', { '1_a.js': '', '2_b.ts': '' }, 'SOURCE_EMPTY', 'captureMigrations'],
    ['a script among SQL', { '1_a.sql': 'SELECT 1', '2_b.js': '' }, 'SOURCE_UNREADABLE', '2_b.js'],
    [
      'two tools',
      { '1_a.sql': up, '2_b.sql': '-- +goose Up\nSELECT 1' },
      'SOURCE_UNCLEAR',
      'dbmate by a line of 1_a.sql, goose by',
    ],
    [
      'Latin-1',
      { '1_a.sql': Buffer.from("SELECT '\xe9'", 'latin1') },
      'SOURCE_UNREADABLE',
      'no UTF-8',
    ],
    [
      'UTF-16',
      { '1_a.sql': Buffer.from('\uFEFFSELECT 1', 'utf16le') },
      'SOURCE_UNREADABLE',
      'no UTF-8',
    ],
    [
      'one number twice',
      { '001_a.sql': 'SELECT 1', '1_b.sql': 'SELECT 1' },
      'ID_TWICE',
      '001_a.sql',
    ],
    [
      'one id twice',
      { '1_a.sql': 'SELECT 1', '1_a.up.sql': 'SELECT 1' },
      'ID_TWICE',
      '1_a.up.sql',
      { order: 'lexical' },
    ],
    [
      '1 and 1.0',
      { 'V1__a.sql': 'SELECT 1', 'V1_0__b.sql': 'SELECT 1' },
      'ID_TWICE',
      'V1_0__b.sql',
    ],
    [
      'a name without a number',
      { '1_a.sql': 'SELECT 1', 'seed.sql': 'SELECT 1' },
      'SOURCE_UNREADABLE',
      'seed.sql',
    ],
    [
      'a name that Flyway passes over',
      { 'V1__a.sql': 'SELECT 1', 'V2_b.sql': 'DROP TABLE a' },
      'SOURCE_UNREADABLE',
      'V2_b.sql',
    ],
    [
      'a file without its marker',
      { '1_a.sql': up, '2_b.sql': 'DROP TABLE a' },
      'SOURCE_UNREADABLE',
      "no line '-- migrate:up'",
    ],
    [
      'a folder that is not looked into',
      { '1_a.sql': 'SELECT 1', '2024/2_b.sql': 'DROP TABLE a' },
      'SOURCE_UNREADABLE',
      '2024/2_b.sql',
    ],
    [
      'a journal without its file',
      { 'meta/_journal.json': '{"entries":[{"tag":"0000_a"}]}' },
      'SOURCE_UNREADABLE',
      'no 0000_a.sql',
    ],
    [
      'a file without its journal',
      { 'meta/_journal.json': '{"entries":[]}', '0000_a.sql': 'DROP TABLE a' },
      'SOURCE_UNREADABLE',
      '0000_a.sql',
    ],
    ['a journal that is none', { 'meta/_journal.json': '{' }, 'SOURCE_UNREADABLE', 'no journal'],
    ['an include', { 'current.sql': '--! include a.sql\n' }, 'SOURCE_UNREADABLE', 'include a.sql'],
    [
      'an id that is not there',
      { '1_a.sql': 'SELECT 1' },
      'OPTION_INVALID',
      'at after',
      { after: '7' },
    ],
    [
      'a format that is none',
      { '1_a.sql': 'SELECT 1' },
      'OPTION_INVALID',
      'format',
      { format: 'rails' as MigrationFormat },
    ],
    [
      'an option that is none',
      { '1_a.sql': 'SELECT 1' },
      'OPTION_INVALID',
      'pending',
      { pending: true } as LoadOptions,
    ],
  ]

  test.each(cases)('%s', async (name, files, code, says, options) => {
    await expect(loadMigrations(await folder(name, files), options)).rejects.toMatchObject({
      code: `CHANGEOVER_MIGRATIONS_${code}`,
      message: expect.stringContaining(says) as unknown,
    })
  })

  test.each([
    ['a folder that is not there', 'nowhere', 'ENOENT'],
    ['a file', 'plain/1_people.sql', 'it is a file'],
  ])('%s', async (_, path, says) => {
    await expect(loadMigrations(join(projects, path))).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_SOURCE_MISSING',
      message: expect.stringContaining(says) as unknown,
    })
  })

  test.runIf(process.platform === 'linux')('a name that is no text', async () => {
    const path = await folder('names', { '1_a.sql': 'SELECT 1' })
    await writeFile(
      Buffer.concat([Buffer.from(`${path}/2_`), Buffer.from([0xe9]), Buffer.from('.sql')]),
      'SELECT 1',
    )
    await expect(loadMigrations(path)).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE',
    })
  })

  test('what is unclear is clear once the format is said', async () => {
    const path = await folder('said', { '1_a.sql': '-- migrate:up\nSELECT 1;\n-- +goose Up\n' })
    await expect(loadMigrations(path)).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR',
    })
    expect(await loadMigrations(path, { format: 'dbmate' })).toMatchObject([{ firstLine: 2 }])
  })

  test('files with the line ends of Windows and a mark in front have the same parts', async () => {
    const text =
      '\uFEFF-- migrate:up transaction:false\r\nSELECT 1;\r\n-- migrate:down\r\nSELECT 2;\r\n'
    const path = await folder('windows', { '1_a.sql': text.slice(1), '2_b.sql': text })
    const [one, other] = await loadMigrations(path)
    expect(one).toMatchObject({ sql: 'SELECT 1;\r\n', firstLine: 2, transaction: 'none' })
    expect(other).toMatchObject({ sql: 'SELECT 1;\r\n', firstLine: 2, transaction: 'none' })
  })
})

test('versions are compared number by number, whatever their length', () => {
  const version = fc.array(fc.bigInt({ min: 0n, max: 10n ** 20n }), { minLength: 1, maxLength: 4 })
  const sign = (value: bigint | number): number => (value > 0 ? 1 : value < 0 ? -1 : 0)
  fc.assert(
    fc.property(version, version, (one, other) => {
      const length = Math.max(one.length, other.length)
      const differences = Array.from(
        { length },
        (_, index) => (one[index] ?? 0n) - (other[index] ?? 0n),
      )
      const expected = sign(differences.find((difference) => difference !== 0n) ?? 0n)
      expect(sign(compareVersions(one.join('_'), other.join('.')))).toBe(expected)
    }),
  )
})
