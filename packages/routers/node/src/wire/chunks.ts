import { FIELD_TEXT } from './characters.ts'
import { readFields } from './fields.ts'

/** How far the reading of a body in chunks has come. */
export interface ChunkScan {
  stage: 'size' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done' | 'broken'
  /** Bytes of the chunk that are still to come. */
  left: number
  /** Digits of the size read so far. */
  digits: number
  /** What comes after the last chunk: lines, and an empty one. */
  trailers: string
  /** Where the body ended, in the bytes of the last call. */
  end: number
}

const CR = 0x0d
const LF = 0x0a

/** More digits would be no exact number. */
const MAX_DIGITS = 13

/** A body of which nothing is read yet. */
export function chunkScan(): ChunkScan {
  return { stage: 'size', left: 0, digits: 0, trailers: '', end: 0 }
}

/**
 * Reads on in `bytes` from `from` up to `to`. Strict: sizes in hexadecimal and nothing else in their lines, CR LF.
 *
 * @param maxTrailers characters that the trailers may have
 * @returns where the body's data is in `bytes`: from, to, from, to
 */
export function scanChunks(
  scan: ChunkScan,
  bytes: Uint8Array,
  from: number,
  to: number,
  maxTrailers: number,
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
    scan.stage = afterByte(scan, bytes[at] ?? 0, maxTrailers)
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

function afterByte(scan: ChunkScan, byte: number, maxTrailers: number): ChunkScan['stage'] {
  switch (scan.stage) {
    case 'size':
      return afterSize(scan, byte)
    case 'size-end':
      if (byte !== LF) return 'broken'
      scan.digits = 0
      return scan.left > 0 ? 'data' : 'trailers'
    case 'data-cr':
      return byte === CR ? 'data-lf' : 'broken'
    case 'data-lf':
      return byte === LF ? 'size' : 'broken'
    case 'trailers':
      return afterTrailer(scan, byte, maxTrailers)
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
  const digit = hexDigit(byte)
  if (digit < 0 || scan.digits === MAX_DIGITS) return 'broken'
  scan.digits += 1
  scan.left = scan.left * 16 + digit
  return 'size'
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
