import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http'
import { acceptUpgrade } from './accept-upgrade.ts'
import { dial, wasNeverConnected } from './dial.ts'
import {
  conclude,
  countAt,
  type Exchange,
  type ExchangeContext,
  newExchange,
  uncount,
} from './exchange.ts'
import { passedTrailers } from './headers.ts'
import type { Inbound } from './inbound.ts'
import { mirrorRequest } from './mirror-copy.ts'
import {
  LATE_ANSWER,
  NO_ANSWER,
  NOTHING_ROUTED,
  type Refusal,
  refuseRequest,
  TOO_BUSY,
} from './refusal.ts'
import { cut, passHint, relay } from './relay.ts'
import { readRequest, type RequestHead } from './request-head.ts'
import { decideRetry } from './retry.ts'
import type { RoutedInstance } from './routed-pool.ts'
import { choose, chooseAgain } from './routes.ts'
import { countAnswer } from './traffic.ts'

/**
 * Sends a request to an instance, and the answer back; not before the service is released, where it is on hold. The
 * table is read and the request counted in one turn, so that no request begun after `apply` can reach an instance that
 * left.
 */
export function forward(context: ExchangeContext, inbound: Inbound): void {
  const { reply } = inbound
  const head = readRequest(inbound, context.trusts)
  if ('status' in head) return refuseRequest(reply, head)
  if (!context.held()) return begin(context, inbound, head)
  const go = (): void => begin(context, inbound, head)
  reply.done(context.room.enter({ go, refuse: (refusal) => refuseRequest(reply, refusal) }))
}

function begin(context: ExchangeContext, inbound: Inbound, head: RequestHead): void {
  const { reply, rawHeaders } = inbound
  if (isFull(context, inbound)) return refuseRequest(reply, TOO_BUSY)
  const routes = context.routes()
  const instance = routes && choose(routes, rawHeaders)
  if (!instance) return refuseRequest(reply, NOTHING_ROUTED)
  const exchange = newExchange(context, inbound, head)
  reply.done(() => conclude(exchange))
  exchange.copyBody = mirrorRequest(context, routes, head, inbound)
  offer(exchange, instance)
}

/** Upgraded connections stay for long, so they have a limit of their own, and take no room from requests. */
function isFull(
  { inFlight, maxInFlight, upgrades }: ExchangeContext,
  { upgrade }: Inbound,
): boolean {
  if (inFlight.active >= maxInFlight) return true
  return upgrade !== undefined && inFlight.upgraded >= upgrades.settings.max
}

function offer(exchange: Exchange, instance: RoutedInstance): void {
  countAt(exchange, instance)
  exchange.offeredAt = performance.now()
  const upstream = openUpstream(exchange, instance)
  // The bytes of a head are limited; a limit on its lines would silently drop those beyond.
  upstream.maxHeadersCount = 0
  exchange.upstream = upstream
  upstream.on('error', (error) => onFailure(exchange, upstream, error))
  upstream.once('response', (answer) => onAnswer(exchange, upstream, answer))
  upstream.on('information', (hint) => exchange.upstream === upstream && passHint(exchange, hint))
  upstream.once('upgrade', (answer, socket, sent) => {
    socket.unshift(sent)
    onUpgrade(exchange, upstream, answer)
  })
  upstream.once('timeout', () => onTimeout(exchange, upstream))
  sendBody(exchange, upstream)
}

/** An upgrade has a connection of its own: a kept one may be stale, and none comes back. */
function openUpstream(
  { head, context, inbound }: Exchange,
  { endpoint }: RoutedInstance,
): ClientRequest {
  const { connectMs, headBytes } = context
  return openRequest({
    ...(inbound.upgrade
      ? { createConnection: () => dial(endpoint, { connectMs, allowHalfOpen: true }) }
      : { agent: endpoint.agent }),
    method: head.method,
    path: head.path,
    headers: head.headers,
    maxHeaderSize: headBytes,
  })
}

/** Takes the body from the client only when a connection is there: until then, any instance can have it. */
function sendBody(exchange: Exchange, upstream: ClientRequest): void {
  const { head, context } = exchange
  const { body, trailers } = exchange.inbound
  if (head.framing === 'none') {
    limitAnswer(upstream, context.answerMs)
    upstream.end()
    return
  }
  const start = (): void => {
    if (exchange.over || exchange.upstream !== upstream) return
    body.once('end', () => {
      upstream.addTrailers(passedTrailers(trailers()))
      limitAnswer(upstream, context.answerMs)
    })
    if (head.framing === 'chunked') upstream.flushHeaders()
    exchange.copyBody?.(body)
    body.pipe(upstream)
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

/** Nothing else would close the connection where the upgrade is of no use: Node has let go of it. */
function onUpgrade(exchange: Exchange, upstream: ClientRequest, answer: IncomingMessage): void {
  const { at } = exchange
  const wanted = !exchange.over && exchange.upstream === upstream
  if (wanted && at && acceptUpgrade(exchange, at, answer))
    return countAnswer(at.tally, false, sinceOffered(exchange))
  answer.socket.destroy()
  if (wanted) giveUp(exchange, NO_ANSWER)
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
  const { rawHeaders } = exchange.inbound
  const instance = routes && chooseAgain(routes, rawHeaders, at.release, exchange.tried)
  if (!instance) return refuse(exchange, NO_ANSWER)
  // It is sent no third time, so no instance gets it on a connection that may be stale as well.
  if (exchange.replayed) instance.endpoint.dropIdle()
  offer(exchange, instance)
}

function giveUp(exchange: Exchange, refusal: Refusal): void {
  if (exchange.at) countBad(exchange, exchange.at)
  uncount(exchange)
  refuse(exchange, refusal)
}

function refuse(exchange: Exchange, refusal: Refusal): void {
  const { upstream, inbound } = exchange
  exchange.upstream = undefined
  if (upstream) inbound.body.unpipe(upstream).resume()
  upstream?.destroy()
  refuseRequest(inbound.reply, refusal)
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
