import type { RawHeaders } from './headers.ts'

/** Where a request carries what a rule or an affinity looks at: exactly one of the two. */
export interface MarkPlace {
  readonly header?: string
  readonly cookie?: string
}

/** Reads one mark of a request as on the wire; undefined where the request does not carry it. */
export type MarkReader = (raw: RawHeaders) => string | undefined

/** A reader of one header or one cookie. Of several with the name, the first counts. */
export function markReader({ header, cookie }: MarkPlace): MarkReader {
  if (cookie !== undefined) return (raw) => readCookie(raw, cookie)
  const lower = (header ?? '').toLowerCase()
  return (raw) => readHeader(raw, lower)
}

/** Node reads the bytes of a head one by one (latin1), so text of ours is compared in that form. */
export function toWire(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What was meant by a value on the wire: UTF-8, so that a user is the same one here and to `inCohort`. */
export function fromWire(value: string): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'latin1').toString() : value
}

const BEYOND_ASCII = /[\u0080-\uffff]/

function readHeader(raw: RawHeaders, lower: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) if (isNamed(raw[i], lower)) return raw[i + 1]
  return undefined
}

/**
 * The value of a cookie (RFC 6265), without the quotes that may enclose it; not decoded. Names are told apart by case.
 * What is no pair is passed over. One pass, whatever a client sends: the limit of the head bounds it.
 */
function readCookie(raw: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) {
    if (!isNamed(raw[i], 'cookie')) continue
    const value = findCookie(raw[i + 1] ?? '', name)
    if (value !== undefined) return value
  }
  return undefined
}

function findCookie(text: string, name: string): string | undefined {
  for (let start = 0; start < text.length;) {
    const semicolon = text.indexOf(';', start)
    const end = semicolon < 0 ? text.length : semicolon
    const at = skipBlanks(text, start)
    // Looked for where the pair begins only: to search each pair for "=" would read a long header over and over.
    if (text.startsWith(name, at)) {
      const equals = skipBlanks(text, at + name.length)
      if (text[equals] === '=') return unquoted(text, equals + 1, end)
    }
    start = end + 1
  }
  return undefined
}

function unquoted(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from)
  let end = to
  while (end > start && isBlank(text, end - 1)) end -= 1
  const quoted = end - start >= 2 && text[start] === '"' && text[end - 1] === '"'
  return quoted ? text.slice(start + 1, end - 1) : text.slice(start, end)
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text, at)) at += 1
  return at
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}

/** By length first: most names are another one, and need not be lower-cased. */
function isNamed(name: string | undefined, lower: string): boolean {
  return name?.length === lower.length && name.toLowerCase() === lower
}
