import { parseArgs } from 'node:util'
import { z } from 'zod'

/** Options of the demo. */
export interface DemoOptions {
  /** Requests per second. @default what this machine takes, up to 1000 */
  readonly rate: number | undefined
}

const schema = z.strictObject({ rate: z.coerce.number().min(1).max(10_000).optional() })

/**
 * Reads the command line.
 *
 * @throws Error naming the option, the value and the remedy
 */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({ args: [...args], options: { rate: { type: 'string' } } })
  const parsed = schema.safeParse(values)
  if (parsed.success) return { rate: parsed.data.rate }
  throw new Error(
    `--rate ${values.rate} was refused; nothing was started. Give the requests per second, from 1 to 10000.`,
    { cause: parsed.error },
  )
}
