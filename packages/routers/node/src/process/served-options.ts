import { createHash } from 'node:crypto'
import { refuse } from '@changeover/engine'
import type { NodeRouterOptions } from '../options.ts'
import { withIdentities } from './identities.ts'

/**
 * Options as text for another process, the same for the same options in whatever order. Bytes are kept as bytes.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` naming what cannot be sent, such as a function
 */
export function encodeOptions(options: object): string {
  return JSON.stringify(toPlain(options, []))
}

/** The options that {@link encodeOptions} was given. They are checked like any others. */
export function decodeOptions(text: string): NodeRouterOptions {
  const decoded: NodeRouterOptions = JSON.parse(text, (_, value: unknown) => fromPlain(value))
  return decoded
}

/** Tells options apart, their identities aside, without telling what they are. */
export function hashOptions(options: NodeRouterOptions): string {
  const text = encodeOptions(withIdentities(options, new Map()))
  return createHash('sha256').update(text).digest('hex')
}

const BYTES = '$bytes'

type Path = readonly string[]

function toPlain(value: unknown, path: Path): unknown {
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map((one, i) => toPlain(one, [...path, `${i}`]))
  if (isRecord(value)) return plainRecord(value, path)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const problem = 'it cannot be sent to another process'
  const remedy = 'Give text, numbers, bytes, lists and objects of them, or use nodeRouter().'
  throw refuse('CHANGEOVER_OPTION_INVALID', { field: path.join('.'), value, problem, remedy })
}

function plainRecord(record: Record<string, unknown>, path: Path): unknown {
  const names = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .toSorted()
  return Object.fromEntries(names.map((name) => [name, toPlain(record[name], [...path, name])]))
}

function fromPlain(value: unknown): unknown {
  const bytes = isRecord(value) ? value[BYTES] : undefined
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
