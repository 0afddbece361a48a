import type { IncomingMessage, InformationEvent, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { type Framing, passedTrailers, returnedHeaders, survey, type Survey } from './headers.ts'
import { announceIdle } from './upstream-pool.ts'

/** Passes 100 Continue, 103 Early Hints and their like on, to clients that know of them. */
export function passHint(exchange: Exchange, hint: InformationEvent): void {
  const { response, request } = exchange
  if (response.headersSent || request.httpVersionMinor === 0) return
  if (hint.statusCode === 100) {
    if (!exchange.head.expectsContinue || exchange.continued) return
    exchange.continued = true
    response.writeContinue()
    return
  }
  exchange.begun = true
  const headers = returnedHeaders(hint.rawHeaders, survey(hint.rawHeaders), 'none')
  const lines = headers.map((text, i) => text + (i % 2 === 0 ? ': ' : '\r\n')).join('')
  response.socket?.write(`HTTP/1.1 ${hint.statusCode} ${hint.statusMessage}\r\n${lines}\r\n`)
}

/**
 * Passes an answer's head on, and arranges for its body to follow at the pace at which the client takes it.
 *
 * @returns false where nothing was passed on, since the answer is not one that a client would understand
 */
export function relay(exchange: Exchange, answer: IncomingMessage): boolean {
  const { response } = exchange
  if (!writeHead(exchange, answer)) return false
  exchange.answer = answer
  exchange.begun = true
  const resume = (): unknown => answer.resume()
  answer.on('data', (chunk: Buffer) => {
    if (response.write(chunk)) return
    answer.pause()
    response.once('drain', resume)
  })
  answer.once('end', () => endAnswer(response, answer))
  answer.once('error', () => cut(exchange))
  return true
}

/** Ends the client's connection in the middle of an answer, in a way that cannot be taken for its end. */
export function cut(exchange: Exchange): void {
  const { response, request, at, over } = exchange
  if (over || response.destroyed) return
  if (at && (exchange.answer?.statusCode ?? 0) < 500) at.tally.bad += 1
  // A body to HTTP/1.0 may have no other end than the connection's: only a reset tells it from a complete one.
  if (request.httpVersionMinor === 0) response.socket?.resetAndDestroy()
  else response.destroy()
}

function writeHead(exchange: Exchange, answer: IncomingMessage): boolean {
  const { response, context } = exchange
  const { statusCode = 502, statusMessage, rawHeaders, socket } = answer
  const seen = survey(rawHeaders)
  if (seen.coding !== undefined && seen.coding !== 'chunked') return false
  const headers = returnedHeaders(rawHeaders, seen, framingOf(exchange, answer, seen))
  if (seen.idleSeconds !== undefined) announceIdle(socket, seen.idleSeconds)
  // To a client that waits in vain for 100 Continue, Node says by itself that the connection ends.
  if (context.closing()) response.shouldKeepAlive = false
  try {
    response.writeHead(statusCode, statusMessage, headers)
    return true
  } catch {
    // Node's parser takes a few odd heads that its writer refuses.
    return false
  }
}

function framingOf({ request, head }: Exchange, answer: IncomingMessage, seen: Survey): Framing {
  if (seen.framing !== 'chunked') return seen.framing
  const { statusCode } = answer
  const bodiless = head.method === 'HEAD' || statusCode === 204 || statusCode === 304
  return bodiless || request.httpVersionMinor === 0 ? 'none' : 'chunked'
}

function endAnswer(response: ServerResponse, answer: IncomingMessage): void {
  if (answer.rawTrailers.length > 0) response.addTrailers(passedTrailers(answer.rawTrailers))
  response.end()
}
