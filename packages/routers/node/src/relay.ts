import type { IncomingMessage, InformationEvent } from 'node:http'
import type { Exchange } from './exchange.ts'
import { type Framing, passedTrailers, returnedHeaders, survey, type Survey } from './headers.ts'
import { announceIdle } from './upstream-pool.ts'

/** Passes 100 Continue, 103 Early Hints and their like on, to clients that know of them. */
export function passHint(exchange: Exchange, hint: InformationEvent): void {
  const { reply, version } = exchange.inbound
  if (reply.begun || reply.gone || version === '1.0') return
  if (hint.statusCode === 100) {
    if (!exchange.head.expectsContinue || exchange.continued) return
    exchange.continued = true
    reply.proceed()
    return
  }
  exchange.begun = true
  const headers = returnedHeaders(hint.rawHeaders, survey(hint.rawHeaders), 'none')
  reply.hint(hint.statusCode, hint.statusMessage, headers)
}

/**
 * Passes an answer's head on, and arranges for its body to follow at the pace at which the client takes it.
 *
 * @returns false where nothing was passed on, since the answer is not one that a client would understand
 */
export function relay(exchange: Exchange, answer: IncomingMessage): boolean {
  const { reply } = exchange.inbound
  if (!writeHead(exchange, answer)) return false
  exchange.answer = answer
  exchange.begun = true
  const resume = (): unknown => answer.resume()
  answer.on('data', (chunk: Buffer) => {
    if (reply.write(chunk)) return
    answer.pause()
    reply.drain(resume)
  })
  answer.once('end', () => reply.end(undefined, passedTrailers(answer.rawTrailers)))
  answer.once('error', () => cut(exchange))
  return true
}

/** Ends the answer in the middle, in a way that cannot be taken for its end. */
export function cut({ inbound: { reply }, at, over, answer }: Exchange): void {
  if (over || reply.gone) return
  if (at && (answer?.statusCode ?? 0) < 500) at.tally.bad += 1
  reply.cut()
}

function writeHead(exchange: Exchange, answer: IncomingMessage): boolean {
  const { inbound, context } = exchange
  const { statusCode = 502, statusMessage, rawHeaders, socket } = answer
  const seen = survey(rawHeaders)
  if (seen.coding !== undefined && seen.coding !== 'chunked') return false
  const headers = returnedHeaders(rawHeaders, seen, framingOf(exchange, answer, seen))
  if (seen.idleSeconds !== undefined) announceIdle(socket, seen.idleSeconds)
  // To a client that waits in vain for 100 Continue, Node says by itself that the connection ends.
  if (context.closing()) inbound.reply.last()
  try {
    inbound.reply.begin(statusCode, statusMessage, headers)
    return true
  } catch {
    // Node's parser takes a few odd heads that its writer refuses.
    return false
  }
}

function framingOf({ inbound, head }: Exchange, answer: IncomingMessage, seen: Survey): Framing {
  if (seen.framing !== 'chunked') return seen.framing
  const { statusCode } = answer
  const bodiless = head.method === 'HEAD' || statusCode === 204 || statusCode === 304
  return bodiless || inbound.version === '1.0' ? 'none' : 'chunked'
}
