import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OracleSession, SchemaOracle } from '../../src/oracles/schema-oracle.ts'
import { openCase, outcomeOf, runText, sampleCases, statementsOf } from './sample-cases.ts'
import type { SampleCase } from './sample-cases.ts'
import { postgres15, postgres18 } from './servers.ts'

// Its lock is short, and waits for others; what it does by itself is nothing.
const BRIEF = new Set(['pg-idx-drop-plain'])

function agreement(title: string, create: () => Promise<SchemaOracle>): void {
  describe(`${title} and the samples`, () => {
    let oracle: SchemaOracle
    let shared: OracleSession
    beforeAll(async () => {
      oracle = await create()
      shared = await openCase(oracle)
    }, 120_000)
    afterAll(async () => {
      await shared?.close()
      await oracle?.close()
    })

    /** One statement on the schema as it is can be taken back; all else gets a database of its own. */
    const observe = async ({ setup, sql }: SampleCase) => {
      if (setup === undefined && statementsOf(sql).length === 1) {
        const observed = await shared.run(statementsOf(sql), { transaction: true, rollback: true })
        if (observed[0]?.error?.code !== '25001') return observed
      }
      const session = await openCase(oracle, setup)
      const observed = await runText(session, sql)
      await session.close()
      return observed
    }

    const plain = sampleCases().filter(({ id, context }) => !context?.n1Queries && !BRIEF.has(id))
    test.each(plain.map((one) => [one.id, one] as const))(
      'agrees on the locks of %s',
      async (_, one) => {
        const { classes, conditional = [] } = one.expect
        const expected = { locks: classes.includes('lock'), fails: conditional.includes('fails') }
        expect(outcomeOf(await observe(one))).toEqual(expected)
      },
    )

    const asked = sampleCases().filter(({ context }) => context?.n1Queries)
    test.each(asked.map((one) => [one.id, one] as const))(
      'agrees on the queries of %s',
      async (_, one) => {
        const queries = (one.context?.n1Queries ?? []).map((sql) => ({ sql }))
        const session = await openCase(oracle, one.setup)
        const before = await session.warm(queries)
        await runText(session, one.sql)
        const warm = await session.runWarm()
        const fresh = await session.runFresh(queries)
        await session.close()
        const failing = [before, warm, fresh].map((all) => all.some(({ error }) => error))
        expect(failing).toEqual([false, one.expect.warmPreparedFails, one.expect.freshFails])
      },
    )
  })
}

agreement('PostgreSQL 18', postgres18)

const fifteen = await postgres15()
if (fifteen) agreement('PostgreSQL 15', fifteen)
