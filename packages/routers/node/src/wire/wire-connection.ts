import type { Socket } from 'node:net'
import { peerOf } from '../http-inbound.ts'
import { awaitTurn } from './pipeline.ts'
import { mayBecomePlain, type PlainRequest, readPlainRequest } from './plain-request.ts'
import { TIMED_OUT } from './refusal-text.ts'
import { endAnswer, takeAnswer } from './wire-answer.ts'
import type { WireClient, WireExchange, WireService } from './wire-client.ts'
import { begin, conclude, fail, passBody, send, tooLate, uncount } from './wire-exchange.ts'
import type { AnswerSink } from './wire-pool.ts'

/** Most heads end within these; a whole read need not become text to find that out. */
const USUAL_HEAD_BYTES = 2048

/** Serves a connection for as long as all that it carries is plain. */
export function acceptPlain(service: WireService, socket: Socket): void {
  const { address } = peerOf(socket)
  const client: WireClient = {
    service,
    socket,
    address,
    trusted: service.context.trusts(address),
    pending: undefined,
    waiting: 0,
    waitingTo: 0,
    dueAt: performance.now() + service.limits.headMs,
    exchange: undefined,
    // Where it fails the connection is gone, and 'close' says so.
    flushed: (error) => (error ? undefined : onFlushed(client)),
    sink: sinkOf(() => client),
    listeners: {
      data: (chunk: Buffer) => onBytes(client, chunk),
      drain: () => client.exchange?.upstream?.socket.resume(),
      // Whoever has ended its side waits for no answer: nobody could tell it from a client that has gone.
      end: () => socket.destroy(),
      error: ignore,
      close: () => onClose(client),
    },
  }
  service.clients.add(client)
  for (const [event, listener] of Object.entries(client.listeners)) socket.on(event, listener)
}

function sinkOf(of: () => WireClient): AnswerSink {
  const withExchange = (act: (exchange: WireExchange) => void): void => {
    const { exchange } = of()
    if (exchange) act(exchange)
  }
  return {
    connected: () => withExchange(send),
    bytes(bytes, length) {
      const { exchange } = of()
      if (exchange) takeAnswer(exchange, bytes, length)
    },
    drained: () => void of().socket.resume(),
    ended: () => withExchange(endAnswer),
    closed: (error) => withExchange((exchange) => fail(exchange, error, exchange.partial === '')),
    late: () => withExchange(tooLate),
  }
}

/** Closes the connection now if it is between two requests, else with its answer. */
export function endPlain({ exchange, socket }: WireClient): void {
  if (!exchange) socket.destroy()
}

/** Closes a connection whose client takes too long. */
export function timeOut(client: WireClient): void {
  const { socket, pending, exchange } = client
  const unanswered = exchange ? exchange.stage === 'head' : pending !== undefined
  if (exchange) conclude(exchange)
  client.dueAt = Infinity
  if (unanswered) socket.end(TIMED_OUT, 'latin1', () => socket.destroy())
  else socket.destroy()
}

function onBytes(client: WireClient, chunk: Buffer): void {
  const { exchange, pending } = client
  if (!exchange) read(client, pending ? Buffer.concat([pending, chunk]) : chunk)
  else if (exchange.bodyLeft === 0) awaitTurn(client, chunk)
  else takeBody(client, exchange, chunk)
}

/** Reads the next request, of which `bytes` are the first. */
function read(client: WireClient, bytes: Buffer): void {
  const { headBytes } = client.service.context
  let text = bytes.toString('latin1', 0, Math.min(bytes.length, USUAL_HEAD_BYTES))
  let end = text.indexOf('\r\n\r\n')
  if (end < 0 && bytes.length > text.length) {
    text = bytes.toString('latin1', 0, Math.min(bytes.length, headBytes))
    end = text.indexOf('\r\n\r\n')
  }
  if (end < 0) awaitRest(client, bytes, text)
  else if (end > headBytes) handOver(client, bytes)
  else serve(client, readPlainRequest(text, end), bytes, end + 4)
}

/** For the rest of a head, if it may become a plain one. */
function awaitRest(client: WireClient, bytes: Buffer, text: string): void {
  const { context, limits } = client.service
  if (bytes.length >= context.headBytes || !mayBecomePlain(text)) return handOver(client, bytes)
  if (!client.pending) client.dueAt = performance.now() + limits.headMs
  client.pending = bytes
}

function serve(
  client: WireClient,
  request: PlainRequest | undefined,
  bytes: Buffer,
  from: number,
): void {
  const { context, limits } = client.service
  if (!request || context.held() || context.routes()?.mirror) return handOver(client, bytes)
  const to = Math.min(bytes.length, from + request.bodyBytes)
  client.pending = to < bytes.length ? bytes.subarray(to) : undefined
  const timed = request.bodyBytes > to - from && limits.requestMs > 0
  client.dueAt = timed ? performance.now() + limits.requestMs : Infinity
  begin(client, request, to > from ? bytes.subarray(from, to) : undefined)
}

/** Takes more of the body of the request that is being answered. */
function takeBody(client: WireClient, exchange: WireExchange, chunk: Buffer): void {
  const piece = chunk.length > exchange.bodyLeft ? chunk.subarray(0, exchange.bodyLeft) : chunk
  exchange.bodyLeft -= piece.length
  if (exchange.bodyLeft === 0) client.dueAt = Infinity
  if (piece.length < chunk.length) awaitTurn(client, chunk.subarray(piece.length))
  if (exchange.upstream) passBody(exchange, exchange.upstream, piece)
  else if (exchange.bodyLeft === 0 && exchange.flushed) next(client, exchange)
}

function onFlushed(client: WireClient): void {
  const { exchange } = client
  if (!exchange) return
  exchange.flushed = true
  uncount(exchange)
  if (exchange.bodyLeft === 0 || exchange.request.last) next(client, exchange)
}

/** The client has its answer, and the router the whole request: the connection's next one, or its end. */
function next(client: WireClient, { request }: WireExchange): void {
  const { service, socket, pending } = client
  client.exchange = undefined
  if (request.last || service.ended) return socket.destroySoon()
  client.dueAt = performance.now() + service.limits.keepAliveMs
  if (socket.isPaused()) socket.resume()
  if (!pending) return
  client.pending = undefined
  client.waiting = 0
  client.waitingTo = 0
  read(client, pending)
}

function onClose(client: WireClient): void {
  client.service.clients.delete(client)
  client.pending = undefined
  if (client.exchange) conclude(client.exchange)
  client.exchange = undefined
}

/** Gives the connection to `node:http` for the rest of its life, as if nothing of `bytes` had been read. */
function handOver(client: WireClient, bytes: Buffer): void {
  const { service, socket } = client
  service.clients.delete(client)
  for (const [event, listener] of Object.entries(client.listeners)) socket.off(event, listener)
  client.pending = undefined
  socket.pause()
  socket.unshift(bytes)
  service.slow.accept(socket)
  socket.resume()
}

function ignore(): void {
  // 'close' follows and says all there is to say.
}
