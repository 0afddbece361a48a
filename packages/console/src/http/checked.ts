import type { z } from 'zod'
import { consoleError } from '../console-error.ts'

/**
 * `value` as the schema reads it.
 *
 * @param part that it is of the request: `body` or `query`
 * @throws ConsoleError `CHANGEOVER_CONSOLE_BODY_INVALID` with the first field that is wrong
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const unknownKeys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const field = [part, ...(issue?.path ?? []), ...unknownKeys].map(String).join('.')
  const problem = unknownKeys.length > 0 ? 'there is no such field' : (issue?.message ?? 'refused')
  throw consoleError('CHANGEOVER_CONSOLE_BODY_INVALID', { field, problem })
}

/** The fields of a query string. @throws ConsoleError `CHANGEOVER_CONSOLE_BODY_INVALID` for one that is given twice */
export function queryFields(search: string): Readonly<Record<string, string>> {
  const fields = [...new URLSearchParams(search)]
  const names = fields.map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw consoleError('CHANGEOVER_CONSOLE_BODY_INVALID', {
      field: `query.${twice}`,
      problem: 'it is given twice',
    })
  return Object.fromEntries(fields)
}
