import { passedTrailers, returnedHeaders } from '../headers.ts'
import { countAnswer } from '../traffic.ts'
import { type AnswerHead, passedFraming, readAnswerHead } from './answer-head.ts'
import { type ChunkScan, chunkScan, readTrailers, scanChunks } from './chunks.ts'
import { fieldText } from './fields.ts'
import { writeCopy } from './spare-buffers.ts'
import type { WireClient, WireExchange } from './wire-client.ts'
import { cut, fail } from './wire-exchange.ts'
import type { WireConnection } from './wire-pool.ts'

/** Answers up to here are passed on as text, in one write with their head. */
const SMALL_BYTES = 8192

/** What may wait for a slow client before its instance has to wait as well. */
const MAX_BUFFERED_BYTES = 65_536

/** Most heads end within these; a whole read need not become text to find that out. */
const USUAL_HEAD_BYTES = 2048

const LAST_CHUNK = '0\r\n\r\n'

/** The first `length` of `bytes` came from the instance. */
export function takeAnswer(exchange: WireExchange, bytes: Buffer, length: number): void {
  if (exchange.stage === 'head') takeHead(exchange, bytes, length)
  else takeBody(exchange, '', bytes, 0, length)
}

/** The instance has ended its side: the end of some bodies, else in the middle of something. */
export function endAnswer(exchange: WireExchange): void {
  if (exchange.stage === 'close') return finish(exchange, LAST_CHUNK, false)
  fail(exchange, undefined, exchange.partial === '')
}

/** Reads heads off what came: hints first, then the answer's own. */
function takeHead(exchange: WireExchange, bytes: Buffer, length: number): void {
  const { partial, request } = exchange
  const known = partial.length
  let text = partial + bytes.toString('latin1', 0, Math.min(length, USUAL_HEAD_BYTES))
  for (let from = 0; ;) {
    let end = text.indexOf('\r\n\r\n', from)
    if (end < 0 && text.length < known + length) {
      text = partial + bytes.toString('latin1', 0, length)
      end = text.indexOf('\r\n\r\n', from)
    }
    if (end < 0) return keepPart(exchange, text.slice(from))
    const head = readAnswerHead(text, from, end, request.method)
    if (!head || head.status === 101) return refuseHead(exchange)
    if (end - from > limitOf(exchange)) return refuseHead(exchange)
    from = end + 4
    if (head.status >= 200) return startAnswer(exchange, head, bytes, from - known, length)
    if (head.status !== 100) passHint(exchange, head, bytes)
    awaitLonger(exchange)
  }
}

/** A hint shows that the instance is at work. While the client still sends, the answer is not due yet. */
function awaitLonger({ bodyLeft, upstream }: WireExchange): void {
  if (bodyLeft === 0) upstream?.pool.awaitAnswer(upstream)
}

function keepPart(exchange: WireExchange, part: string): void {
  if (part.length > limitOf(exchange) || /(?:^|[^\r])\n/.test(part)) return refuseHead(exchange)
  exchange.partial = part
}

function refuseHead(exchange: WireExchange): void {
  exchange.partial = '?'
  fail(exchange, undefined, false)
}

function limitOf({ client }: WireExchange): number {
  return client.service.context.headBytes
}

function passHint(exchange: WireExchange, head: AnswerHead, bytes: Buffer): void {
  const { status, reason, raw, seen } = head
  exchange.begun = true
  const fields = fieldText(returnedHeaders(raw, seen, 'none'))
  write(exchange, `HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n`, bytes, 0, 0)
}

/** The answer begins: its body is in `bytes` from `from` up to `to`. */
function startAnswer(
  exchange: WireExchange,
  head: AnswerHead,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  const { at, upstream, client } = exchange
  if (!at || !upstream) return
  countAnswer(at.tally, head.status >= 500, performance.now() - exchange.offeredAt)
  const { idleSeconds } = head.seen
  if (idleSeconds !== undefined) limitIdle(upstream, idleSeconds)
  upstream.dueAt = Infinity
  exchange.partial = ''
  exchange.begun = true
  exchange.status = head.status
  exchange.keep = head.keep
  exchange.left = head.bodyBytes
  const text = headText(client, exchange, head)
  if (head.ends === 'none' || (head.ends === 'length' && head.bodyBytes === 0))
    return finish(exchange, text, to === from)
  exchange.stage = head.ends
  if (head.ends === 'chunked') exchange.scan = chunkScan()
  takeBody(exchange, text, bytes, from, to)
}

/** A second less than announced, for the way there. */
function limitIdle(upstream: WireConnection, seconds: number): void {
  upstream.idleMs = Math.min(upstream.idleMs, Math.max(0, seconds * 1000 - 1000))
}

function headText(client: WireClient, { request }: WireExchange, head: AnswerHead): string {
  const { status, reason, raw, seen } = head
  const framing = passedFraming(head)
  const fields = returnedHeaders(raw, seen, framing)
  if (framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
  if (request.last || client.service.context.closing()) fields.push('Connection', 'close')
  return `HTTP/1.1 ${status} ${reason}\r\n${fieldText(fields)}\r\n`
}

/** Passes on what came of a body, after `before`. */
function takeBody(
  exchange: WireExchange,
  before: string,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  if (exchange.stage === 'length') takeLength(exchange, before, bytes, from, to)
  else if (exchange.stage === 'chunked') takeChunks(exchange, before, bytes, from, to)
  else if (exchange.stage === 'close') pass(exchange, before, bytes, from, to)
}

function takeLength(
  exchange: WireExchange,
  before: string,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  const end = Math.min(to, from + exchange.left)
  exchange.left -= end - from
  if (exchange.left > 0) return write(exchange, before, bytes, from, end)
  if (end - from <= SMALL_BYTES)
    return finish(exchange, before + bytes.toString('latin1', from, end), end === to)
  write(exchange, before, bytes, from, end)
  finish(exchange, '', end === to)
}

function takeChunks(
  exchange: WireExchange,
  before: string,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  const { scan } = exchange
  if (!scan) return
  const data = scanChunks(scan, bytes, from, to, limitOf(exchange))
  const trailers = scan.stage === 'done' ? trailerText(scan) : ''
  if (scan.stage === 'broken' || trailers === undefined) return cut(exchange)
  let first = before
  for (let i = 0; i < data.length; i += 2) {
    pass(exchange, first, bytes, data[i] ?? 0, data[i + 1] ?? 0)
    first = ''
  }
  if (scan.stage === 'done') finish(exchange, `${first}0\r\n${trailers}\r\n`, scan.end === to)
  else if (first !== '') write(exchange, first, bytes, 0, 0)
}

function trailerText(scan: ChunkScan): string | undefined {
  const fields = readTrailers(scan)
  return fields && fieldText(passedTrailers(fields).flat())
}

/** Passes data on as one chunk. */
function pass(
  exchange: WireExchange,
  before: string,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  if (to === from) return before === '' ? undefined : write(exchange, before, bytes, from, to)
  const size = `${before}${(to - from).toString(16)}\r\n`
  if (to - from <= SMALL_BYTES)
    return write(exchange, `${size}${bytes.toString('latin1', from, to)}\r\n`, bytes, 0, 0)
  const { socket } = exchange.client
  socket.cork()
  write(exchange, size, bytes, from, to)
  write(exchange, '\r\n', bytes, 0, 0)
  socket.uncork()
}

/** Writes `before` and a copy of the bytes, which are overwritten soon. Holds the instance up where the client is slow. */
function write(
  { client, upstream }: WireExchange,
  before: string,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  const { socket } = client
  if (to - from <= SMALL_BYTES) socket.write(before + bytes.toString('latin1', from, to), 'latin1')
  else {
    socket.cork()
    if (before !== '') socket.write(before, 'latin1')
    writeCopy(socket, bytes, from, to)
    socket.uncork()
  }
  if (socket.writableLength >= MAX_BUFFERED_BYTES) upstream?.socket.pause()
}

/** The answer is whole. `exact`: nothing came after it. */
function finish(exchange: WireExchange, text: string, exact: boolean): void {
  const { upstream, client } = exchange
  exchange.stage = 'over'
  exchange.upstream = undefined
  if (upstream) {
    if (exchange.keep && exact && exchange.bodyLeft === 0 && exchange.sent)
      upstream.pool.release(upstream)
    else {
      upstream.sink = undefined
      upstream.socket.destroy()
    }
  }
  client.socket.write(text, 'latin1', client.flushed)
  // What still comes of the request's body is thrown away.
  if (exchange.bodyLeft > 0) client.socket.resume()
}
