import { z } from 'zod'

/** The channel that stores of one database share; each notice names the schema that it is about. */
export const CHANNEL = 'changeover_store'

/** What one store tells the others. */
export type Notice =
  | {
      readonly kind: 'journal'
      readonly rollout: string
      readonly service: string
      readonly seq: number
    }
  /** A command waits to be taken. */
  | { readonly kind: 'command' }
  /** A command was answered. */
  | { readonly kind: 'answer'; readonly rollout: string; readonly id: string }

const text = z.string()
const PAYLOAD = z.union([
  z.tuple([text, z.literal('journal'), text, text, z.number()]),
  z.tuple([text, z.literal('command')]),
  z.tuple([text, z.literal('answer'), text, text]),
])

/** The notice of `schema` in a payload; undefined for those of others, and what no store of ours sends. Pure. */
export function readNotice(payload: string, schema: string): Notice | undefined {
  const parsed = PAYLOAD.safeParse(parse(payload))
  if (!parsed.success || parsed.data[0] !== schema) return undefined
  const { data } = parsed
  if (data[1] === 'command') return { kind: 'command' }
  if (data[1] === 'answer') return { kind: 'answer', rollout: data[2], id: data[3] }
  return { kind: 'journal', rollout: data[2], service: data[3], seq: data[4] }
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}
