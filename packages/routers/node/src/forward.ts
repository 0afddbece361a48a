import {
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from 'node:http'
import type { Duplex } from 'node:stream'
import { conclude, countAt, type Exchange, type ExchangeContext, uncount } from './exchange.ts'
import { passedTrailers } from './headers.ts'
import {
  LATE_ANSWER,
  NO_ANSWER,
  NOTHING_ROUTED,
  type Refusal,
  refuseRequest,
  TOO_BUSY,
} from './refusal.ts'
import { cut, passHint, relay } from './relay.ts'
import { readRequest } from './request-head.ts'
import { decideRetry } from './retry.ts'
import type { RoutedInstance } from './routed-pool.ts'
import { choose, chooseAgain } from './routes.ts'
import { countAnswer } from './traffic.ts'
import { wasNeverConnected } from './upstream-pool.ts'

/**
 * Sends a request to an instance, and the answer back. The table is read and the request counted in one turn, so that
 * no request begun after `apply` can reach an instance that left.
 *
 * @param expects whether the client waits for 100 Continue
 */
export function forward(
  context: ExchangeContext,
  request: IncomingMessage,
  response: ServerResponse,
  expects: boolean,
): void {
  response.on('error', ignore)
  const head = readRequest(request, expects)
  if ('status' in head) return refuseRequest(response, head)
  if (context.inFlight.active >= context.maxInFlight) return refuseRequest(response, TOO_BUSY)
  const routes = context.routes()
  const instance = routes && choose(routes, request.rawHeaders)
  if (!instance) return refuseRequest(response, NOTHING_ROUTED)
  const exchange: Exchange = {
    context,
    request,
    response,
    head,
    tried: [],
    at: undefined,
    offeredAt: 0,
    upstream: undefined,
    answer: undefined,
    begun: false,
    continued: false,
    replayed: false,
    over: false,
  }
  response.once('close', () => conclude(exchange))
  offer(exchange, instance)
}

function offer(exchange: Exchange, instance: RoutedInstance): void {
  const { context, head } = exchange
  countAt(exchange, instance)
  exchange.offeredAt = performance.now()
  const upstream = openRequest({
    agent: instance.endpoint.agent,
    method: head.method,
    path: head.path,
    headers: head.headers,
    maxHeaderSize: context.headBytes,
  })
  // The bytes of a head are limited; a limit on its lines would silently drop those beyond.
  upstream.maxHeadersCount = 0
  exchange.upstream = upstream
  upstream.on('error', (error) => onFailure(exchange, upstream, error))
  upstream.once('response', (answer) => onAnswer(exchange, upstream, answer))
  upstream.on('information', (hint) => exchange.upstream === upstream && passHint(exchange, hint))
  upstream.once('upgrade', (_answer, socket) => onUpgrade(exchange, upstream, socket))
  upstream.once('timeout', () => onTimeout(exchange, upstream))
  sendBody(exchange, upstream)
}

/** Takes the body from the client only when a connection is there: until then, any instance can have it. */
function sendBody(exchange: Exchange, upstream: ClientRequest): void {
  const { request, head, context } = exchange
  if (head.framing === 'none') {
    limitAnswer(upstream, context.answerMs)
    upstream.end()
    return
  }
  const start = (): void => {
    if (exchange.over || exchange.upstream !== upstream) return
    request.once('end', () => {
      if (request.rawTrailers.length > 0) upstream.addTrailers(passedTrailers(request.rawTrailers))
      limitAnswer(upstream, context.answerMs)
    })
    if (head.framing === 'chunked') upstream.flushHeaders()
    request.pipe(upstream)
  }
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', start)
    else start()
  })
}

function limitAnswer(upstream: ClientRequest, answerMs: number): void {
  if (answerMs > 0) upstream.setTimeout(answerMs)
}

function onAnswer(exchange: Exchange, upstream: ClientRequest, answer: IncomingMessage): void {
  const { at } = exchange
  if (exchange.over || exchange.upstream !== upstream || !at) return
  if (!relay(exchange, answer)) return giveUp(exchange, NO_ANSWER)
  countAnswer(at.tally, (answer.statusCode ?? 0) >= 500, sinceOffered(exchange))
}

/** Nobody asked for another protocol. Node has let go of the socket, so nothing else would close it. */
function onUpgrade(exchange: Exchange, upstream: ClientRequest, socket: Duplex): void {
  socket.destroy()
  if (!exchange.over && exchange.upstream === upstream) giveUp(exchange, NO_ANSWER)
}

/** Once the answer has begun there is no limit, and the timer that still runs says nothing. */
function onTimeout(exchange: Exchange, upstream: ClientRequest): void {
  if (exchange.over || exchange.upstream !== upstream || exchange.answer) return
  warn(exchange, { code: 'ETIMEDOUT' }, 'an instance did not answer in time')
  giveUp(exchange, LATE_ANSWER)
}

function onFailure(
  exchange: Exchange,
  upstream: ClientRequest,
  error: NodeJS.ErrnoException,
): void {
  const { at, head } = exchange
  if (exchange.over || exchange.upstream !== upstream || !at) return
  // What comes after a whole answer is not part of it; Node has closed that connection.
  if (exchange.answer) return exchange.answer.complete ? undefined : cut(exchange)
  const unsent = wasNeverConnected(error)
  if (unsent) exchange.tried.push(at)
  const retry = decideRetry({
    unsent,
    reused: upstream.reusedSocket,
    broken: !error.code?.startsWith('HPE_'),
    begun: exchange.begun,
    method: head.method,
    hasBody: head.framing !== 'none',
    tries: exchange.tried.length,
    replayed: exchange.replayed,
  })
  if (retry !== 'again') warn(exchange, error, 'an instance did not answer')
  if (retry === 'give-up') return giveUp(exchange, NO_ANSWER)
  if (retry === 'again') replay(exchange, at)
  else sendElsewhere(exchange, at)
}

/** One connection was found closed by the instance, so the other idle ones may be closed as well: none is reused. */
function replay(exchange: Exchange, at: RoutedInstance): void {
  exchange.replayed = true
  at.endpoint.dropIdle()
  offerAgain(exchange, at)
}

function sendElsewhere(exchange: Exchange, at: RoutedInstance): void {
  countBad(exchange, at)
  offerAgain(exchange, at)
}

/** By the table in force now, not by the one that the request began with. */
function offerAgain(exchange: Exchange, at: RoutedInstance): void {
  uncount(exchange)
  const routes = exchange.context.routes()
  const { rawHeaders } = exchange.request
  const instance = routes && chooseAgain(routes, rawHeaders, at.release, exchange.tried)
  if (instance) offer(exchange, instance)
  else refuse(exchange, NO_ANSWER)
}

function giveUp(exchange: Exchange, refusal: Refusal): void {
  if (exchange.at) countBad(exchange, exchange.at)
  uncount(exchange)
  refuse(exchange, refusal)
}

function refuse(exchange: Exchange, refusal: Refusal): void {
  const { upstream, request, response } = exchange
  exchange.upstream = undefined
  if (upstream) request.unpipe(upstream).resume()
  upstream?.destroy()
  refuseRequest(response, refusal)
}

function countBad(exchange: Exchange, { tally }: RoutedInstance): void {
  countAnswer(tally, true, sinceOffered(exchange))
}

function sinceOffered({ offeredAt }: Exchange): number {
  return performance.now() - offeredAt
}

function warn(
  { at, context }: Exchange,
  error: NodeJS.ErrnoException | { code: string },
  message: string,
): void {
  context.logger.warn({ instance: at?.id, release: at?.release, code: error.code }, message)
}

function ignore(): void {
  // The client's connection broke; its 'close' follows and says all there is to say.
}
