import { type Framing, type RawHeaders, survey, type Survey } from '../headers.ts'
import { readFields } from './fields.ts'

/** The head of an instance's answer. */
export interface AnswerHead {
  readonly status: number
  readonly reason: string
  /** As on the wire: name, value, name, value. */
  readonly raw: RawHeaders
  readonly seen: Survey
  /** How its body ends: with nothing, a length, a last chunk, or with the connection. */
  readonly ends: 'none' | 'length' | 'chunked' | 'close'
  /** Bytes of a body with a length. */
  readonly bodyBytes: number
  /** Whether the connection can be used again after it. */
  readonly keep: boolean
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\u0020-\u007e\u0080-\u00ff]*))?$/
const LENGTH = /^\d{1,15}$/

/**
 * Reads the head of an answer to `method`, of which `end` is where its empty line begins (CR LF CR LF).
 *
 * @returns undefined where two readers might read it differently
 */
export function readAnswerHead(
  text: string,
  from: number,
  end: number,
  method: string,
): AnswerHead | undefined {
  const lineEnd = text.indexOf('\r\n', from)
  const [, minor, digits, reason = ''] = STATUS_LINE.exec(text.slice(from, lineEnd)) ?? []
  const raw = digits === undefined ? undefined : readFields(text, lineEnd + 2, end + 2)
  if (!raw) return undefined
  const status = Number(digits)
  const seen = survey(raw)
  const bodyBytes = lengthOf(raw, seen)
  if (bodyBytes === undefined) return undefined
  // HTTP/1.0 knows of neither.
  if (minor === '0' && (seen.coding !== undefined || status < 200)) return undefined
  const ends = endOf(method, status, seen)
  const keep = minor === '1' && ends !== 'close' && !namesClose(raw)
  return { status, reason, raw, seen, ends, bodyBytes, keep }
}

/** The framing with which an answer goes on to a client of HTTP/1.1: a body without a length goes in chunks. */
export function passedFraming({ ends, seen }: AnswerHead): Framing {
  if (ends === 'close') return 'chunked'
  return ends === 'none' && seen.framing === 'chunked' ? 'none' : seen.framing
}

function endOf(method: string, status: number, { framing }: Survey): AnswerHead['ends'] {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  return framing === 'none' ? 'close' : framing
}

/** The length that is said once and next to no coding but chunks; 0 where none is said. */
function lengthOf(raw: RawHeaders, { coding }: Survey): number | undefined {
  if (coding !== undefined && coding !== 'chunked') return undefined
  let length: number | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const value = raw[i + 1] ?? ''
    if (raw[i]?.length !== 14 || raw[i]?.toLowerCase() !== 'content-length') continue
    if (length !== undefined || coding !== undefined || !LENGTH.test(value)) return undefined
    length = Number(value)
  }
  return length ?? 0
}

function namesClose(raw: RawHeaders): boolean {
  for (let i = 0; i < raw.length; i += 2)
    if (raw[i]?.length === 10 && raw[i]?.toLowerCase() === 'connection')
      if (/(?:^|[\s,])close(?:$|[\s,])/i.test(raw[i + 1] ?? '')) return true
  return false
}
