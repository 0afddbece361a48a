import { wasNeverConnected } from '../dial.ts'
import { forwardedHeaders } from '../headers.ts'
import { LATE_ANSWER, NO_ANSWER, NOTHING_ROUTED, type Refusal, TOO_BUSY } from '../refusal.ts'
import { decideRetry } from '../retry.ts'
import type { RoutedInstance } from '../routed-pool.ts'
import { choose, chooseAgain } from '../routes.ts'
import { countAnswer } from '../traffic.ts'
import { fieldText } from './fields.ts'
import type { PlainRequest } from './plain-request.ts'
import { refusalText } from './refusal-text.ts'
import type { WireClient, WireExchange } from './wire-client.ts'
import type { WireConnection } from './wire-pool.ts'

/** Bodies up to here go in one write with their head. */
const SMALL_BYTES = 8192

/** Sends a request to an instance, with what came of its body so far. The table is read and the request counted in one turn. */
export function begin(client: WireClient, request: PlainRequest, body: Buffer | undefined): void {
  const { context } = client.service
  const exchange = newExchange(client, request, body)
  client.exchange = exchange
  if (context.inFlight.active >= context.maxInFlight) return refuse(exchange, TOO_BUSY)
  const routes = context.routes()
  const instance = routes && choose(routes, request.raw)
  if (instance) offer(exchange, instance)
  else refuse(exchange, NOTHING_ROUTED)
}

function newExchange(
  client: WireClient,
  request: PlainRequest,
  body: Buffer | undefined,
): WireExchange {
  return {
    client,
    request,
    head: headFor(client, request),
    tried: [],
    at: undefined,
    offeredAt: 0,
    upstream: undefined,
    sent: false,
    bodyLeft: request.bodyBytes - (body?.length ?? 0),
    held: body,
    replayed: false,
    stage: 'head',
    partial: '',
    begun: false,
    status: 0,
    left: 0,
    scan: undefined,
    keep: false,
    flushed: false,
  }
}

function headFor({ address, trusted }: WireClient, request: PlainRequest): string {
  const { method, target, raw, seen, host } = request
  const origin = { method, host, address, secure: false, trusted }
  return `${method} ${target} HTTP/1.1\r\n${fieldText(forwardedHeaders(raw, seen, origin))}\r\n`
}

function offer(exchange: WireExchange, instance: RoutedInstance): void {
  const { client } = exchange
  exchange.at = instance
  client.service.context.inFlight.enter(instance.inFlight)
  exchange.offeredAt = performance.now()
  exchange.sent = false
  const upstream = instance.endpoint.wire.take(client.sink)
  exchange.upstream = upstream
  if (!upstream.socket.connecting) send(exchange)
}

/** Writes the head, and what there is of the body: only now that a connection is there, until then any can have it. */
export function send(exchange: WireExchange): void {
  const { upstream, head, held, client, request } = exchange
  if (!upstream || exchange.sent) return
  exchange.sent = true
  exchange.held = undefined
  if (!held) upstream.socket.write(head, 'latin1')
  else if (held.length <= SMALL_BYTES)
    upstream.socket.write(head + held.toString('latin1'), 'latin1')
  else {
    upstream.socket.cork()
    upstream.socket.write(head, 'latin1')
    upstream.socket.write(held)
    upstream.socket.uncork()
  }
  if (exchange.bodyLeft === 0) upstream.pool.awaitAnswer(upstream)
  if (request.bodyBytes > 0) client.socket.resume()
}

/** Passes more of a body on, or holds it until a connection is there. The client waits where the instance is slow. */
export function passBody(exchange: WireExchange, upstream: WireConnection, piece: Buffer): void {
  const { client, held, sent } = exchange
  if (!sent) {
    exchange.held = held ? Buffer.concat([held, piece]) : piece
    client.socket.pause()
    return
  }
  if (!upstream.socket.write(piece)) client.socket.pause()
  if (exchange.bodyLeft === 0 && exchange.stage === 'head') upstream.pool.awaitAnswer(upstream)
}

/** The instance's connection is gone, or what came on it is no HTTP. */
export function fail(exchange: WireExchange, error: Error | undefined, broken: boolean): void {
  const { at, upstream, request } = exchange
  if (!at || !upstream || exchange.stage === 'over') return
  if (exchange.stage !== 'head') return cut(exchange)
  const unsent = error !== undefined && wasNeverConnected(error)
  if (unsent) exchange.tried.push(at)
  const retry = decideRetry({
    unsent,
    reused: upstream.reused,
    broken,
    begun: exchange.begun,
    method: request.method,
    hasBody: request.seen.framing !== 'none',
    tries: exchange.tried.length,
    replayed: exchange.replayed,
  })
  letGo(exchange)
  if (retry !== 'again') warn(exchange, codeOf(error), 'an instance did not answer')
  if (retry === 'give-up') return giveUp(exchange, NO_ANSWER)
  if (retry === 'again') replay(exchange, at)
  else sendElsewhere(exchange, at)
}

/** Its answer did not begin in time. */
export function tooLate(exchange: WireExchange): void {
  if (exchange.stage !== 'head') return
  warn(exchange, 'ETIMEDOUT', 'an instance did not answer in time')
  giveUp(exchange, LATE_ANSWER)
}

/** One connection was found closed by the instance, so the other idle ones may be closed as well: none is reused. */
function replay(exchange: WireExchange, at: RoutedInstance): void {
  exchange.replayed = true
  at.endpoint.dropIdle()
  offerAgain(exchange, at)
}

function sendElsewhere(exchange: WireExchange, at: RoutedInstance): void {
  countBad(exchange, at)
  offerAgain(exchange, at)
}

/** By the table in force now, not by the one that the request began with. */
function offerAgain(exchange: WireExchange, at: RoutedInstance): void {
  uncount(exchange)
  exchange.partial = ''
  const routes = exchange.client.service.context.routes()
  const { raw } = exchange.request
  const instance = routes && chooseAgain(routes, raw, at.release, exchange.tried)
  if (!instance) return refuse(exchange, NO_ANSWER)
  // It is sent no third time, so no instance gets it on a connection that may be stale as well.
  if (exchange.replayed) instance.endpoint.dropIdle()
  offer(exchange, instance)
}

function giveUp(exchange: WireExchange, refusal: Refusal): void {
  if (exchange.at) countBad(exchange, exchange.at)
  uncount(exchange)
  refuse(exchange, refusal)
}

/** Answers by itself. What still comes of the request's body is thrown away. */
function refuse(exchange: WireExchange, refusal: Refusal): void {
  const { client, request } = exchange
  letGo(exchange)
  exchange.stage = 'over'
  exchange.held = undefined
  const last = request.last || client.service.context.closing()
  client.socket.write(refusalText(refusal, request.method, last), 'latin1', client.flushed)
  client.socket.resume()
}

/** Ends the client's connection in the middle of an answer, in a way that cannot be taken for its end. */
export function cut(exchange: WireExchange): void {
  const { at, client, status } = exchange
  if (at && status < 500) at.tally.bad += 1
  exchange.stage = 'over'
  client.socket.destroy()
}

/** The client has its whole answer, or has gone: nothing stays behind at the instance. */
export function conclude(exchange: WireExchange): void {
  letGo(exchange)
  exchange.stage = 'over'
  exchange.held = undefined
  uncount(exchange)
}

/** Hears nothing more of the instance's connection, which is of no use to another request. */
function letGo(exchange: WireExchange): void {
  const { upstream } = exchange
  if (!upstream) return
  exchange.upstream = undefined
  upstream.sink = undefined
  upstream.socket.destroy()
}

/** Ends the count, if there is one. */
export function uncount(exchange: WireExchange): void {
  const { at, client } = exchange
  if (!at) return
  exchange.at = undefined
  client.service.context.inFlight.leave(at.inFlight)
}

function countBad(exchange: WireExchange, { tally }: RoutedInstance): void {
  countAnswer(tally, true, performance.now() - exchange.offeredAt)
}

function codeOf(error: NodeJS.ErrnoException | undefined): string {
  return error?.code ?? 'ECONNRESET'
}

function warn({ at, client }: WireExchange, code: string, message: string): void {
  client.service.context.logger.warn({ instance: at?.id, release: at?.release, code }, message)
}
