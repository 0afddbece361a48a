import type { Survey } from '../headers.ts'
import { isAll, TARGET } from './characters.ts'
import { readFields } from './fields.ts'

/** The head of a request that nobody could read in another way. */
export interface PlainRequest {
  readonly method: string
  /** In origin form: a path. */
  readonly target: string
  /** As on the wire: name, value, name, value. */
  readonly raw: readonly string[]
  readonly seen: Survey
  readonly host: string
  /** Bytes of the body; 0 where there is none. */
  readonly bodyBytes: number
  /** Whether the client wants its connection closed with the answer. */
  readonly last: boolean
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
])

/** Headers that make a request one for `node:http`. */
const UNUSUAL: ReadonlySet<string> = new Set([
  'expect',
  'http2-settings',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A number of bytes that is exact, and that nobody reads as anything else. */
const LENGTH = /^\d{1,15}$/

const VERSION = ' HTTP/1.1\r\n'

/** What the headers say about the request's framing and its connection. */
interface Plainness {
  host: string | undefined
  length: number | undefined
  last: boolean
}

/**
 * Reads a request's head, of which `end` is where its empty line begins (CR LF CR LF).
 *
 * @returns undefined where it is not plain: that is for `node:http` to serve, or to refuse
 */
export function readPlainRequest(text: string, end: number): PlainRequest | undefined {
  const space = text.indexOf(' ')
  const method = text.slice(0, Math.max(0, space))
  if (!METHODS.has(method) || text[space + 1] !== '/') return undefined
  const version = text.indexOf(' ', space + 1)
  if (version < 0 || !text.startsWith(VERSION, version)) return undefined
  if (!isAll(TARGET, text, space + 1, version)) return undefined
  const raw = readFields(text, version + VERSION.length, end + 2)
  const plain = raw && plainness(raw)
  if (!raw || !plain?.host) return undefined
  return {
    method,
    target: text.slice(space + 1, version),
    raw,
    seen: plain.length === undefined ? NO_BODY : WITH_LENGTH,
    host: plain.host,
    bodyBytes: plain.length ?? 0,
    last: plain.last,
  }
}

const NO_BODY: Survey = Object.freeze({
  framing: 'none',
  coding: undefined,
  hosts: [],
  listed: undefined,
  idleSeconds: undefined,
})
const WITH_LENGTH: Survey = Object.freeze({ ...NO_BODY, framing: 'length' })

function plainness(raw: readonly string[]): Plainness | undefined {
  const found: Plainness = { host: undefined, length: undefined, last: false }
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    // By length first: most names are none of these, and need not be lower-cased.
    if (SPECIAL_LENGTHS[name.length] !== 1) continue
    if (!isPlain(found, name.toLowerCase(), raw[i + 1] ?? '')) return undefined
  }
  return found
}

const SPECIAL_LENGTHS = Uint8Array.from({ length: 32 }, (_, length) =>
  [...UNUSUAL, 'host', 'connection', 'content-length'].some((name) => name.length === length)
    ? 1
    : 0,
)

function isPlain(found: Plainness, lower: string, value: string): boolean {
  if (lower === 'host') {
    if (found.host !== undefined) return false
    found.host = value
    return true
  }
  if (lower === 'content-length') {
    if (found.length !== undefined || !LENGTH.test(value)) return false
    found.length = Number(value)
    return true
  }
  return lower === 'connection' ? isOwnFate(found, value) : !UNUSUAL.has(lower)
}

/** `Connection` that names anything but the connection's own fate is for the slow path. */
function isOwnFate(found: Plainness, value: string): boolean {
  const fate = value.toLowerCase()
  if (fate === 'close') found.last = true
  return fate === 'close' || fate === 'keep-alive'
}

/** A request line and then whole or half lines, none of them with a bare line feed. */
const BEGUN = /^(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) \/[!-~]* HTTP\/1\.1\r\n/
const BARE_FEED = /(?:^|[^\r])\n/

/** Whether the beginning of a head may still become a plain one, so that waiting for the rest makes sense. */
export function mayBecomePlain(text: string): boolean {
  return BEGUN.test(text) && !BARE_FEED.test(text)
}
