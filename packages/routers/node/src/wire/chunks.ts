import { FIELD_TEXT } from './characters.ts'
import { readFields } from './fields.ts'

/** How far the reading of a body in chunks has come. */
export interface ChunkScan {
  stage:
    | 'size'
    | 'extension'
    | 'size-end'
    | 'data'
    | 'data-cr'
    | 'data-lf'
    | 'trailers'
    | 'done'
    | 'broken'
  /** Bytes of the chunk that are still to come. */
  left: number
  /** Digits of the size read so far. */
  digits: number
  /** What comes behind the size in its line; it says nothing that is passed on. */
  extension: string
  /** What comes after the last chunk: lines, and an empty one. */
  trailers: string
  /** Where the body ended, in the bytes of the last call. */
  end: number
}

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

/** Names and values (RFC 9112 section 7.1.1), without blanks and escapes: nobody reads those in another way. */
const EXTENSION =
  /^(?:;[!#$%&'*+\-.^_`|~\dA-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~\dA-Za-z]+|"[\t !#-[\]-~\u0080-\u00ff]*"))?)+$/

/** More digits would be no exact number. */
const MAX_DIGITS = 13

/** A body of which nothing is read yet. */
export function chunkScan(): ChunkScan {
  return { stage: 'size', left: 0, digits: 0, extension: '', trailers: '', end: 0 }
}

/**
 * Reads on in `bytes` from `from` up to `to`. Strict: sizes in hexadecimal, extensions without blanks, CR LF.
 *
 * @param max characters that the trailers may have, and the extensions of a chunk
 * @returns where the body's data is in `bytes`: from, to, from, to
 */
export function scanChunks(
  scan: ChunkScan,
  bytes: Uint8Array,
  from: number,
  to: number,
  max: number,
): number[] {
  const data: number[] = []
  let at = from
  while (at < to && scan.stage !== 'done' && scan.stage !== 'broken') {
    if (scan.stage === 'data') {
      const piece = Math.min(scan.left, to - at)
      data.push(at, at + piece)
      at += piece
      scan.left -= piece
      if (scan.left === 0) scan.stage = 'data-cr'
      continue
    }
    scan.stage = afterByte(scan, bytes[at] ?? 0, max)
    at += 1
  }
  scan.end = at
  return data
}

/** The trailers of a body that was read whole; undefined where they are no header lines, or tell of another length. */
export function readTrailers({ trailers }: ChunkScan): string[] | undefined {
  const fields = readFields(trailers, 0, trailers.length - 2)
  return fields?.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
    ? undefined
    : fields
}

function afterByte(scan: ChunkScan, byte: number, max: number): ChunkScan['stage'] {
  switch (scan.stage) {
    case 'size':
      return afterSize(scan, byte)
    case 'extension':
      return afterExtension(scan, byte, max)
    case 'size-end':
      if (byte !== LF) return 'broken'
      scan.digits = 0
      return scan.left > 0 ? 'data' : 'trailers'
    case 'data-cr':
      return byte === CR ? 'data-lf' : 'broken'
    case 'data-lf':
      return byte === LF ? 'size' : 'broken'
    case 'trailers':
      return afterTrailer(scan, byte, max)
    case 'data':
    case 'done':
    case 'broken':
      return scan.stage
    default:
      return 'broken'
  }
}

function afterSize(scan: ChunkScan, byte: number): ChunkScan['stage'] {
  if (byte === CR) return scan.digits > 0 ? 'size-end' : 'broken'
  if (byte === SEMICOLON && scan.digits > 0) {
    scan.extension = ';'
    return 'extension'
  }
  const digit = hexDigit(byte)
  if (digit < 0 || scan.digits === MAX_DIGITS) return 'broken'
  scan.digits += 1
  scan.left = scan.left * 16 + digit
  return 'size'
}

function afterExtension(scan: ChunkScan, byte: number, max: number): ChunkScan['stage'] {
  if (byte === CR) return EXTENSION.test(scan.extension) ? 'size-end' : 'broken'
  scan.extension += String.fromCodePoint(byte)
  return scan.extension.length < max ? 'extension' : 'broken'
}

function afterTrailer(scan: ChunkScan, byte: number, max: number): ChunkScan['stage'] {
  if (FIELD_TEXT[byte] !== 1 && byte !== CR && byte !== LF) return 'broken'
  scan.trailers += String.fromCodePoint(byte)
  if (scan.trailers === '\r\n' || scan.trailers.endsWith('\r\n\r\n')) return 'done'
  return scan.trailers.length < max ? 'trailers' : 'broken'
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
