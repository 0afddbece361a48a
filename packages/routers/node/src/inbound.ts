import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Framing, RawHeaders } from './headers.ts'

/** A request as it came from a client, and the way back, in whatever version of HTTP. */
export interface Inbound {
  readonly method: string
  /** The request's target. */
  readonly url: string
  /** Headers as in HTTP/1: with Host, and cookies in one line. */
  readonly rawHeaders: RawHeaders
  readonly version: HttpVersion
  /** How the body ends, where the headers do not say it; HTTP/2 tells by itself. */
  readonly framing?: Framing
  /** The client waits for 100 Continue before it sends the body. */
  readonly expects: boolean
  /** Where the client wants to go on with another protocol. */
  readonly upgrade?: UpgradeWish
  readonly peer: Peer
  readonly body: Readable
  /** Complete once the body has ended. */
  readonly trailers: () => RawHeaders
  readonly reply: Reply
}

/** A client's wish to go on with another protocol on its connection. */
export interface UpgradeWish {
  /** Lower case, such as `websocket`. */
  readonly protocol: string
  /** Lets go of HTTP: `reply` is of no use any more. What the client sent already is read from the connection first. */
  accept(): Socket
}

export type HttpVersion = '1.0' | '1.1' | '2'

/** Both ends of a client's connection. */
export interface Peer {
  readonly address: string
  /** The client's connection is encrypted. */
  readonly secure: boolean
  /** The router's own end, as a Host. */
  readonly local: string
}

/** The way of an answer back to its client. */
export interface Reply {
  /** The head was sent. */
  readonly begun: boolean
  /** Nothing reaches the client any more. */
  readonly gone: boolean
  /** @throws where the head cannot be sent as it is */
  begin(status: number, message: string | undefined, headers: string[]): void
  /** Sends 103 Early Hints or its like, ahead of the head. */
  hint(status: number, message: string, headers: readonly string[]): void
  /** Sends 100 Continue. */
  proceed(): void
  /** @returns false where the client takes no more for now; `drain` hears when it does again */
  write(chunk: Buffer): boolean
  drain(listener: () => void): void
  end(body?: string, trailers?: readonly [string, string][]): void
  /** Ends in the middle of an answer, in a way that cannot be taken for its end. */
  cut(): void
  /** The connection ends with this answer. */
  last(): void
  /** Hears once when the client has the whole answer, or has gone. */
  done(listener: () => void): void
}

/** Gets each request when it is its turn on its connection. */
export type RequestHandler = (inbound: Inbound) => void
