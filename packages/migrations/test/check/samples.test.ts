import { checkMigrations } from '@changeover/migrations'
import type { CheckOptions, SchemaOracle } from '@changeover/migrations'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseline, sampleCases } from '../oracles/sample-cases.ts'
import type { SampleCase } from '../oracles/sample-cases.ts'
import { postgres18 } from '../oracles/servers.ts'

const named = sampleCases().map((one) => [one.id, one] as const)
/** Which of its queries break, only a database tells. */
const read = named.filter(([, { context }]) => !context?.n1Queries)

async function isRefused(one: SampleCase, options: Partial<CheckOptions>): Promise<boolean> {
  const { id, setup = '', sql, context } = one
  const queries = context?.n1Queries?.map((text) => ({ sql: text, named: true }))
  const none = context?.liveVersionsUsing ? { live: [] } : {}
  const live = queries ? { live: [{ release: 'old', contract: { queries } }] } : none
  const migrations = [{ id, sql }]
  const schema = `${baseline}\n${setup}`
  const { verdict } = await checkMigrations({ schema, migrations, ...live, ...options })
  return verdict !== 'safe'
}

describe('The sample cases are judged as they should be', () => {
  test.each(read)('by reading alone: %s', async (_, one) => {
    const refused = one.expect.verdict !== 'safe'
    expect(await isRefused(one, { transactions: 'none' })).toBe(refused)
    expect(await isRefused(one, { transactions: 'each' })).toBe(refused)
  })

  describe('with a database', () => {
    let oracle: SchemaOracle
    beforeAll(async () => {
      oracle = await postgres18()
    }, 60_000)
    afterAll(() => oracle?.close())

    test.each(named)('%s', async (_, one) => {
      const { serverVersion } = oracle
      const options = { oracle, serverVersion, transactions: 'none' } as const
      expect(await isRefused(one, options)).toBe(one.expect.verdict !== 'safe')
    })
  })
})
