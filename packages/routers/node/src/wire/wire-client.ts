import type { Socket } from 'node:net'
import type { ExchangeContext } from '../exchange.ts'
import type { Front } from '../http-server.ts'
import type { ChunkScan } from './chunks.ts'
import type { PlainRequest } from './plain-request.ts'
import type { RoutedInstance } from '../routed-pool.ts'
import type { AnswerSink, WireConnection } from './wire-pool.ts'

/** What all connections of a listener share. */
export interface WireService {
  readonly context: ExchangeContext
  readonly limits: ClientLimits
  /** Takes the connections that carry anything unusual. */
  readonly slow: Front
  readonly clients: Set<WireClient>
  /** Connections end with their answer. */
  ended: boolean
}

/** How long a client may take, in milliseconds; 0 sets no limit. */
export interface ClientLimits {
  readonly headMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
}

/** A client's connection, for as long as all that it carries is plain. */
export interface WireClient {
  readonly service: WireService
  readonly socket: Socket
  /** The client, as the router sees it. */
  readonly address: string
  readonly trusted: boolean
  /** Bytes of the head that is coming, or of requests behind the one that is answered. */
  pending: Buffer | undefined
  /** Plain requests known to wait in `pending`, and where the next one begins there. */
  waiting: number
  waitingTo: number
  /** When the client has to have done what is waited for; on the clock of `performance.now()`. */
  dueAt: number
  /** The request that is being answered. */
  exchange: WireExchange | undefined
  /** Hears the instance that answers it. */
  readonly sink: AnswerSink
  /** The last byte of an answer was handed over, or never will be. */
  readonly flushed: (error?: Error | null) => void
  /** What it hears of its socket, by event. */
  readonly listeners: Readonly<Record<string, (chunk: Buffer) => void>>
}

/** One plain request on its way: to an instance, and the answer back. */
export interface WireExchange {
  readonly client: WireClient
  readonly request: PlainRequest
  /** The request's head as an instance gets it. */
  readonly head: string
  /** Instances that could not be reached. */
  readonly tried: RoutedInstance[]
  /** The instance that it counts against; none before one was chosen and after it failed. */
  at: RoutedInstance | undefined
  /** When it was given to that instance, on the clock of `performance.now()`. */
  offeredAt: number
  upstream: WireConnection | undefined
  /** The head has been written to that connection. */
  sent: boolean
  /** Bytes of the body that were not read from the client yet. */
  bodyLeft: number
  /** What was read of the body while no instance could take it. */
  held: Buffer | undefined
  /** It was sent a second time already. */
  replayed: boolean
  /** How far the answer has come. */
  stage: 'head' | 'length' | 'chunked' | 'close' | 'over'
  /** The beginning of an answer's head, and whether anything at all came. */
  partial: string
  begun: boolean
  status: number
  /** Bytes of an answer with a length that are still to come. */
  left: number
  scan: ChunkScan | undefined
  /** The instance's connection can be used again. */
  keep: boolean
  /** The client has the whole answer. */
  flushed: boolean
}
