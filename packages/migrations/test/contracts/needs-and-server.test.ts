import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkMigrations, proveContract } from '@changeover/migrations'
import type { SchemaOracle } from '@changeover/migrations'
import { pgliteOracle } from '@changeover/migrations/pglite'
import { ADDITIONS, NARROWINGS, QUERIES, REMOVALS, SCHEMA } from './need-cases.ts'

let oracle: SchemaOracle
beforeAll(async () => {
  oracle = await pgliteOracle()
}, 120_000)
afterAll(() => oracle?.close())

/** Each costs a second or two, so that of all the steps only those are proved here in which reading is most easily wrong. */
const steps = [...new Set([...REMOVALS, ...NARROWINGS].map(([step]) => step)), ...ADDITIONS].filter(
  (step) =>
    /COLUMN email CASCADE|SET SCHEMA|COLUMN status DROP|GENERATED|users_pkey|bio IS NOT NULL|ADD COLUMN (?:total|key)/.test(
      step,
    ),
)
const queries = [
  ...new Set([...QUERIES, ...[...REMOVALS, ...NARROWINGS].flatMap(([, ...both]) => both)]),
]

/** The queries that reading alone calls touched. */
async function touchedOnes(step: string, named: boolean): Promise<ReadonlySet<string>> {
  const live = queries.map((sql) => ({ release: sql, contract: { queries: [{ sql, named }] } }))
  const { findings } = await checkMigrations({
    schema: SCHEMA,
    migrations: [step],
    serverVersion: oracle.serverVersion,
    live,
  })
  return new Set(
    findings.flatMap(({ release, verdict }) => (verdict === 'safe' ? [] : (release ?? []))),
  )
}

test.each(steps)('what a server no longer runs after %s, reading had found', async (step) => {
  const contract = { queries: queries.map((sql) => ({ sql, named: true })) }
  const proof = await proveContract({ contract, schema: SCHEMA, migrations: [step], oracle })
  const touched = await touchedOnes(step, true)
  expect(proof.unproved).toEqual([])
  expect(
    proof.broken
      .filter(({ query }) => !touched.has(query))
      .map(({ query, when, error }) => [query, when, error.message]),
  ).toEqual([])
})
