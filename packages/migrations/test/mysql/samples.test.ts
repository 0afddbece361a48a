import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkMigrations } from '../../src/check/check-migrations.ts'
import type { FindingClass, Verdict } from '../../src/finding.ts'
import type { Dialect } from '../../src/migration.ts'

interface Sample {
  readonly id: string
  readonly dialect: Dialect
  readonly sql: string
  readonly expect: {
    readonly verdict: Verdict
    readonly classes: readonly FindingClass[]
    readonly rule: string
  }
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const mysql = read('baseline.mysql.sql')
const SCHEMAS = { mysql, mariadb: mysql, sqlite: read('../sqlite/baseline.lite.sql'), postgres: '' }

const SAMPLES = read('../cases/samples.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Sample)
  .filter(({ dialect }) => dialect !== 'postgres')

describe('samples', () => {
  test.each(SAMPLES.map((sample) => [sample.id, sample] as const))(
    'judge %s',
    async (_, { dialect, sql, expect: wanted }) => {
      const schema = SCHEMAS[dialect]
      const report = await checkMigrations({ dialect, schema, migrations: [sql] })
      expect(report.verdict).toBe(wanted.verdict)
      const refused = report.findings.filter(({ verdict }) => verdict !== 'safe')
      const classes = [...new Set(refused.flatMap((finding) => finding.classes))]
      expect(classes.toSorted()).toEqual([...wanted.classes].toSorted())
      const named = wanted.verdict === 'safe' || refused.some(({ rule }) => rule === wanted.rule)
      expect(named).toBe(true)
    },
  )
})
