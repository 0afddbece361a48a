import { z } from 'zod'
import { refuse } from '../migration-error.ts'

/**
 * Reads the options of an oracle.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID` naming each field that is wrong
 */
export function readOptions<Options>(
  schema: z.ZodType<Options>,
  given: unknown,
  caller: string,
): Options {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const problems = z.prettifyError(read.error)
  throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', { caller, problems })
}
