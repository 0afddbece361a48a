import { chunkedBody, endlessBody, sizedBody, type WireBody } from './wire-body.ts'

/** A whole answer, as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  /** By name in small letters; several of one name are joined with commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Byte for character. */
  readonly body: string
}

/** How far an answer has come. */
export type Reading =
  | { readonly state: 'nothing' }
  | { readonly state: 'partial' }
  | { readonly state: 'whole'; readonly answer: WireAnswer; readonly reusable: boolean }
  | { readonly state: 'malformed'; readonly problem: string }

/** Reads one answer. */
export interface AnswerReader {
  push(bytes: Buffer): Reading
  /** The connection has ended. */
  end(): Reading
  /** The head, once it has come. */
  readonly head: WireHead | undefined
  /** What came after the head of an answer with status 101, which is no HTTP. */
  readonly beyond: Buffer
}

/** What is known before the body. */
export type WireHead = Pick<WireAnswer, 'status' | 'headers'> & { readonly version: string }

const NO_BODY: ReadonlySet<number> = new Set([101, 204, 304])
const LONGEST_HEAD = 65_536
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5]\d\d)(?: [^\0\n\r]*)?$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([^\0\n\r]*?)[\t ]*$/

/**
 * Reads the answer to a request with that method, strictly: what can be read in two ways, or goes on after its end, is
 * malformed. Interim answers (1xx other than 101) are passed over.
 */
export function answerReader(method: string): AnswerReader {
  let rest: Buffer = Buffer.alloc(0)
  let seen = false
  let head: WireHead | undefined
  let body: WireBody | undefined

  function read(): Reading {
    while (!head || !body) {
      const taken = takeHead(rest)
      if (!taken) return { state: seen ? 'partial' : 'nothing' }
      rest = taken.rest
      const { status } = taken.head
      if (status >= 200 || status === 101) {
        head = taken.head
        body = bodyOf(head, method)
      }
    }
    if (head.status === 101) return whole(head, body)
    const { rest: left, whole: ended } = body.take(rest)
    rest = left
    if (!ended) return { state: 'partial' }
    return rest.length > 0 ? malformed('it goes on after its end') : whole(head, body)
  }

  return {
    push(bytes) {
      seen ||= bytes.length > 0
      rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
      try {
        return read()
      } catch (error) {
        return malformed(error instanceof Error ? error.message : String(error))
      }
    },
    end() {
      if (head && body?.endsWithConnection) return whole(head, body)
      return { state: seen ? 'partial' : 'nothing' }
    },
    get head() {
      return head
    },
    get beyond() {
      return rest
    },
  }
}

function whole({ status, headers, version }: WireHead, body: WireBody): Reading {
  const options = (headers['connection'] ?? '').toLowerCase().split(/[\t ]*,[\t ]*/)
  const kept = version === '1.1' ? !options.includes('close') : options.includes('keep-alive')
  const reusable = kept && !body.endsWithConnection && status !== 101
  return { state: 'whole', answer: { status, headers, body: body.text() }, reusable }
}

function malformed(problem: string): Reading {
  return { state: 'malformed', problem }
}

function takeHead(bytes: Buffer): { readonly head: WireHead; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) {
    if (bytes.length > LONGEST_HEAD) throw new TypeError('its head does not end')
    return undefined
  }
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, version, status] = STATUS_LINE.exec(first) ?? []
  if (version === undefined)
    throw new TypeError(`"${first.slice(0, 60)}" is no status line of HTTP/1`)
  const head = { version, status: Number(status), headers: fieldsOf(lines) }
  return { head, rest: bytes.subarray(end + 4) }
}

function fieldsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined) throw new TypeError(`"${line.slice(0, 60)}" is no header`)
    const key = name.toLowerCase()
    const known = fields[key]
    fields[key] = known === undefined ? value : `${known}, ${value}`
  }
  return fields
}

function bodyOf({ status, headers }: WireHead, method: string): WireBody {
  const { 'content-length': size, 'transfer-encoding': coding } = headers
  if (size !== undefined && coding !== undefined)
    throw new TypeError('it has both a length and a transfer coding')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw new TypeError(`"${size.slice(0, 40)}" is no length`)
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new TypeError(`the transfer coding "${coding.slice(0, 40)}" is not understood`)
  if (method === 'HEAD' || NO_BODY.has(status)) return sizedBody(0)
  if (coding !== undefined) return chunkedBody()
  return size === undefined ? endlessBody() : sizedBody(Number(size))
}
