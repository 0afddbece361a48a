import { readAnswerHead } from '../../src/wire/answer-head.ts'
import { chunkScan, readTrailers, scanChunks } from '../../src/wire/chunks.ts'
import { readPlainRequest } from '../../src/wire/plain-request.ts'
import type { SeenAnswer, SeenRequest } from './node-parser.ts'

const END = '\r\n\r\n'

/** The whole requests that the fast path takes at the beginning of `bytes`, until one is not plain. */
export function requestsByFastPath(bytes: Buffer, read = readPlainRequest): SeenRequest[] {
  const seen: SeenRequest[] = []
  for (let from = 0; ;) {
    const text = bytes.toString('latin1', from)
    const end = text.indexOf(END)
    const request = end < 0 ? undefined : read(text, end)
    if (!request) return seen
    const start = from + end + END.length
    from = start + request.bodyBytes
    if (from > bytes.length) return seen
    const { method, target, raw, last } = request
    seen.push({ method, target, raw, body: bytes.toString('latin1', start, from) })
    if (last) return seen
  }
}

/** The answer that the fast path takes at the beginning of `bytes`, after which the connection ends. */
export function answerByFastPath(
  bytes: Buffer,
  method: string,
  read = readAnswerHead,
): SeenAnswer | undefined {
  const text = bytes.toString('latin1')
  const hints: [number, ...string[]][] = []
  for (let from = 0; ;) {
    const end = text.indexOf(END, from)
    const head = end < 0 ? undefined : read(text, from, end, method)
    if (!head || head.status === 101) return undefined
    from = end + END.length
    if (head.status < 200) {
      hints.push([head.status, ...head.raw])
      continue
    }
    const { status, reason, raw, ends, bodyBytes } = head
    const rest = bodyOf(bytes, from, ends, bodyBytes)
    return rest && { hints, status, reason, raw, ...rest }
  }
}

function bodyOf(
  bytes: Buffer,
  from: number,
  ends: 'none' | 'length' | 'chunked' | 'close',
  bodyBytes: number,
): Pick<SeenAnswer, 'body' | 'trailers'> | undefined {
  if (ends === 'none') return { body: '', trailers: [] }
  if (ends === 'close') return { body: bytes.toString('latin1', from), trailers: [] }
  if (ends === 'length') {
    if (from + bodyBytes > bytes.length) return undefined
    return { body: bytes.toString('latin1', from, from + bodyBytes), trailers: [] }
  }
  const scan = chunkScan()
  const data = scanChunks(scan, bytes, from, bytes.length, 32_768)
  const trailers = scan.stage === 'done' ? readTrailers(scan) : undefined
  if (!trailers) return undefined
  let body = ''
  for (let i = 0; i < data.length; i += 2) body += bytes.toString('latin1', data[i], data[i + 1])
  return { body, trailers }
}
