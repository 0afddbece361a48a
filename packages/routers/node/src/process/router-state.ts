import { createHash } from 'node:crypto'
import type { RouteTable } from '@changeover/engine'
import { z } from 'zod'

/** What of a router process outlives it. */
export interface RouterState {
  /** By service: the last table, and with it the highest fence. Kept for ever, also where a listener is gone. */
  readonly tables: Readonly<Record<string, RouteTable>>
  /** By service: the port that was taken where any free one was asked for. */
  readonly ports: Readonly<Record<string, number>>
}

/** Before the first table. */
export const EMPTY_STATE: RouterState = { tables: {}, ports: {} }

const FORMAT = 'changeover-router-state-1'

const file = z.strictObject({ format: z.literal(FORMAT), sum: z.string(), state: z.string() })

const place = { header: z.string().exactOptional(), cookie: z.string().exactOptional() }

/** The shape of a table, not yet what makes it one: that is for `acceptRouteTable` to say. */
export const tableShape: z.ZodType<RouteTable> = z.object({
  service: z.string(),
  revision: z.number(),
  fence: z.number(),
  pools: z.array(
    z.object({
      release: z.string(),
      weight: z.number(),
      instances: z.array(z.object({ id: z.string(), address: z.string() })),
    }),
  ),
  rules: z
    .array(z.object({ release: z.string(), ...place, value: z.string().exactOptional() }))
    .exactOptional(),
  affinity: z.object({ release: z.string(), salt: z.string(), ...place }).exactOptional(),
  mirror: z.object({ release: z.string(), weight: z.number() }).exactOptional(),
})

const shape = z.strictObject({
  tables: z.record(z.string(), tableShape),
  ports: z.record(z.string(), z.int().min(1).max(65_535)),
})

/** The text of a state file. */
export function encodeState(state: RouterState): string {
  const text = JSON.stringify(state)
  return `${JSON.stringify({ format: FORMAT, sum: sumOf(text), state: text })}\n`
}

/** What a state file says, or why it cannot be trusted: torn, altered, or of something else. */
export function decodeState(text: string): RouterState | { readonly problem: string } {
  const outer = file.safeParse(parse(text))
  if (!outer.success) return { problem: `it is no whole file of the format ${FORMAT}` }
  if (sumOf(outer.data.state) !== outer.data.sum) return { problem: 'its checksum is wrong' }
  const inner = shape.safeParse(parse(outer.data.state))
  return inner.success ? inner.data : { problem: z.prettifyError(inner.error) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
