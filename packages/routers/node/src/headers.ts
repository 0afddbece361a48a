/** Headers as on the wire: name, value, name, value. */
export type RawHeaders = readonly string[]

/** How the end of a message is told. */
export type Framing = 'none' | 'length' | 'chunked'

/** What the headers say about the connection rather than about the message. */
export interface Survey {
  readonly framing: Framing
  /** Value of Transfer-Encoding, lower case; undefined where there is none. */
  readonly coding: string | undefined
  /** Values of Host: exactly one, unless someone tries to be read differently by two readers. */
  readonly hosts: readonly string[]
  /** Names in Connection, lower case; undefined where it names nothing but the connection's own fate. */
  readonly listed: ReadonlySet<string> | undefined
  /** Seconds after which the peer closes an idle connection, where it says so. */
  readonly idleSeconds: number | undefined
}

/** The client, as the router saw it. */
export interface Origin {
  readonly method: string
  readonly address: string
  readonly host: string | undefined
  /** Whether the client's connection was encrypted. */
  readonly secure: boolean
  /** Whether the client is a proxy whose word about its own client counts. */
  readonly trusted: boolean
}

/** Hop by hop (RFC 9110 section 7.6.1): they describe one connection, not the message. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

/** Says to an instance that a request is a copy, whose answer nobody sees: from the router alone. */
export const MIRROR_HEADER = 'X-Changeover-Mirror'

/** Meant for this proxy, or said about the client by somebody who cannot be trusted to. Host is written anew. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'proxy-authorization',
  'x-changeover-mirror',
  'x-real-ip',
])

const NOT_RETURNED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'http2-settings',
  'proxy-authenticate',
  'proxy-authentication-info',
])

/** Would change how a message that has begun already is read (RFC 9110 section 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...NOT_FORWARDED,
  ...NOT_RETURNED,
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'set-cookie',
  'trailer',
])

const BODY_EXPECTED: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** Reads what decides about the others, before any header is passed on: `Connection` may come last. */
export function survey(raw: RawHeaders): Survey {
  let framing: Framing = 'none'
  let coding: string | undefined
  let listed: Set<string> | undefined
  let idleSeconds: number | undefined
  const hosts: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const value = raw[i + 1] ?? ''
    // By length first: most names are none of these, and need not be lower-cased twice.
    switch (raw[i]?.length) {
      case 4:
        if (isNamed(raw, i, 'host')) hosts.push(value)
        break
      case 10:
        if (isNamed(raw, i, 'connection')) listed = addListed(listed, value)
        else if (isNamed(raw, i, 'keep-alive')) idleSeconds = announcedSeconds(value)
        break
      case 14:
        if (framing === 'none' && isNamed(raw, i, 'content-length')) framing = 'length'
        break
      case 17:
        if (!isNamed(raw, i, 'transfer-encoding')) break
        framing = 'chunked'
        coding = coding === undefined ? value.toLowerCase() : `${coding}, ${value.toLowerCase()}`
        break
      default:
    }
  }
  return { framing, coding, hosts, listed, idleSeconds }
}

/**
 * A request's headers for the instance: hop-by-hop ones and those named in `Connection` removed, X-Forwarded-*
 * replaced by what the router saw itself, or completed where a trusted proxy sent them.
 */
export function forwardedHeaders(raw: RawHeaders, seen: Survey, origin: Origin): string[] {
  const headers = origin.host === undefined ? [] : ['Host', origin.host]
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (NOT_FORWARDED.has(lower)) continue
    if (claimsOrigin(lower) && !(origin.trusted && isKeptClaim(lower))) continue
    if (isKept(lower, seen)) headers.push(name, raw[i + 1] ?? '')
  }
  if (seen.framing === 'chunked') headers.push('Transfer-Encoding', 'chunked')
  // Said explicitly, because Node would announce a chunked body where nothing is said.
  if (seen.framing === 'none' && BODY_EXPECTED.has(origin.method))
    headers.push('Content-Length', '0')
  addClaims(headers, raw, origin)
  return headers
}

/** What the router says about the client: all that it saw itself, and nothing that a trusted proxy said already. */
function addClaims(headers: string[], raw: RawHeaders, origin: Origin): void {
  if (origin.trusted) return completeClaims(headers, raw, origin)
  headers.push('X-Forwarded-For', origin.address)
  headers.push('X-Forwarded-Proto', origin.secure ? 'https' : 'http')
  if (origin.host !== undefined) headers.push('X-Forwarded-Host', origin.host)
}

/** Adds to what a trusted proxy said what it did not say. */
function completeClaims(headers: string[], raw: RawHeaders, origin: Origin): void {
  const path = [...valuesOf(raw, 'x-forwarded-for'), origin.address]
  headers.push('X-Forwarded-For', path.join(', '))
  if (valuesOf(raw, 'x-forwarded-proto').length === 0)
    headers.push('X-Forwarded-Proto', origin.secure ? 'https' : 'http')
  if (origin.host !== undefined && valuesOf(raw, 'x-forwarded-host').length === 0)
    headers.push('X-Forwarded-Host', origin.host)
}

/** X-Forwarded-For is written anew from all of its lines. */
function isKeptClaim(lower: string): boolean {
  return !lower.includes('_') && lower !== 'x-forwarded-for'
}

function valuesOf(raw: RawHeaders, lower: string): string[] {
  const values: string[] = []
  for (let i = 0; i < raw.length; i += 2)
    if (raw[i]?.toLowerCase() === lower && raw[i + 1] !== '') values.push(raw[i + 1] ?? '')
  return values
}

/** An answer's headers for the client. `framing` is the one it goes on with, since only chunks can have trailers. */
export function returnedHeaders(raw: RawHeaders, seen: Survey, framing: Framing): string[] {
  const headers: string[] = []
  const kept = framing === seen.framing ? seen : { ...seen, framing }
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (!NOT_RETURNED.has(lower) && isKept(lower, kept)) headers.push(name, raw[i + 1] ?? '')
  }
  return headers
}

/** Trailers as pairs, without those that would change how the message is read. */
export function passedTrailers(raw: RawHeaders): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (!NOT_IN_TRAILERS.has(lower) && !claimsOrigin(lower)) pairs.push([name, raw[i + 1] ?? ''])
  }
  return pairs
}

/** The framing decides on its own headers; every other one goes where `Connection` names it. */
function isKept(lower: string, { framing, listed }: Survey): boolean {
  if (lower === 'content-length') return framing === 'length'
  if (lower === 'trailer') return framing === 'chunked'
  return listed === undefined || !listed.has(lower)
}

/** X-Forwarded-* in any spelling that an application might read as such: many read `_` like `-`. */
function claimsOrigin(lower: string): boolean {
  const name = lower.includes('_') ? lower.replaceAll('_', '-') : lower
  return name.startsWith('x-forwarded-') || (name !== lower && NOT_FORWARDED.has(name))
}

function isNamed(raw: RawHeaders, i: number, name: string): boolean {
  return raw[i]?.toLowerCase() === name
}

function addListed(listed: Set<string> | undefined, value: string): Set<string> | undefined {
  const lower = value.toLowerCase()
  if (lower === 'keep-alive' || lower === 'close') return listed
  const names = listed ?? new Set<string>()
  for (const token of lower.split(',')) names.add(token.trim())
  return names
}

function announcedSeconds(value: string): number | undefined {
  const [, seconds] = /(?:^|[\s,])timeout=(\d{1,9})/i.exec(value) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
