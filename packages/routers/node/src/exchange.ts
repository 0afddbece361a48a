import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { InFlight } from './in-flight.ts'
import type { Inbound } from './inbound.ts'
import type { BodyCopy, Mirroring } from './mirroring.ts'
import type { RequestHead } from './request-head.ts'
import type { RoutedInstance } from './routed-pool.ts'
import type { Routes } from './routes.ts'
import type { TrustedPeers } from './trusted-peers.ts'
import type { Upgrades } from './upgrades.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What every exchange of a service shares. */
export interface ExchangeContext {
  /** The routes in force at this very moment. */
  readonly routes: () => Routes | undefined
  readonly inFlight: InFlight
  readonly maxInFlight: number
  readonly connectMs: number
  readonly answerMs: number
  readonly headBytes: number
  /** Whether the router is closing, so that client connections end with their answer. */
  readonly closing: () => boolean
  /** Whether new requests wait. */
  readonly held: () => boolean
  /** Where they wait. */
  readonly room: WaitingRoom
  readonly trusts: TrustedPeers
  readonly upgrades: Upgrades
  readonly mirroring: Mirroring
  readonly logger: Logger
}

/** One request on its way: from the client to an instance, and the answer back. */
export interface Exchange {
  readonly context: ExchangeContext
  readonly inbound: Inbound
  readonly head: RequestHead
  /** Instances that could not be reached. */
  readonly tried: RoutedInstance[]
  /** The instance that it counts against; none before one was chosen and after it failed. */
  at: RoutedInstance | undefined
  /** When it was given to that instance, on the clock of `performance.now()`. */
  offeredAt: number
  /** The request to that instance. An event of any other one is of no interest any more. */
  upstream: ClientRequest | undefined
  answer: IncomingMessage | undefined
  /** Takes a copy of the body, where the request is mirrored. */
  copyBody: BodyCopy | undefined
  /** Something of an answer has been passed on. */
  begun: boolean
  /** 100 Continue has been passed on. */
  continued: boolean
  /** It was sent a second time already. */
  replayed: boolean
  /** The client has its answer, or has gone. */
  over: boolean
}

/** An exchange that was given to no instance yet. */
export function newExchange(
  context: ExchangeContext,
  inbound: Inbound,
  head: RequestHead,
): Exchange {
  return {
    context,
    inbound,
    head,
    tried: [],
    at: undefined,
    offeredAt: 0,
    upstream: undefined,
    answer: undefined,
    copyBody: undefined,
    begun: false,
    continued: false,
    replayed: false,
    over: false,
  }
}

/** Counts the exchange against `instance` from now on. */
export function countAt(exchange: Exchange, instance: RoutedInstance): void {
  exchange.at = instance
  exchange.context.inFlight.enter(instance.inFlight)
}

/** Ends the count, if there is one. */
export function uncount(exchange: Exchange): void {
  const { at, context } = exchange
  if (!at) return
  exchange.at = undefined
  context.inFlight.leave(at.inFlight)
}

/** What is left to do when the client has its whole answer, or has gone: nothing stays behind at the instance. */
export function conclude(exchange: Exchange): void {
  const { inbound, upstream, answer } = exchange
  exchange.over = true
  if (upstream && !(answer?.readableEnded && upstream.writableFinished)) upstream.destroy()
  if (upstream && !inbound.body.readableEnded && exchange.head.framing !== 'none') {
    inbound.body.unpipe(upstream)
    inbound.body.resume()
  }
  uncount(exchange)
}
