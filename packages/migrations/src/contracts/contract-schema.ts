import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Contract, ContractQuery } from './contract.ts'

const column = z.strictObject({ name: z.string(), type: z.string() })

const query = z.looseObject({
  id: z.string().optional(),
  sql: z.string().min(1),
  parameters: z.array(z.string()).optional(),
  result: z.array(column).optional(),
  named: z.boolean().optional(),
  values: z.array(z.unknown()).optional(),
})

/** A contract file, or one written by hand, in which a query may be a mere string. */
export const contractSchema: z.ZodType<Contract> = z
  .looseObject({
    version: z.literal(1).default(1),
    release: z.string().default(''),
    queries: z.array(z.union([z.string().min(1), query])),
  })
  .transform(({ version, release, queries }): Contract => ({
    version,
    release,
    queries: queries.map(contractQuery),
  }))

/** The name of a query: the same text gives the same id, on every machine. */
export function queryId(sql: string): string {
  return createHash('sha256').update(sql).digest('hex').slice(0, 16)
}

function contractQuery(given: string | z.infer<typeof query>): ContractQuery {
  const {
    sql,
    id = queryId(sql),
    parameters = [],
    named = false,
    result,
    values,
  } = typeof given === 'string' ? { sql: given } : given
  return {
    id,
    sql,
    parameters,
    named,
    ...(result ? { result } : {}),
    ...(values ? { values } : {}),
  }
}
