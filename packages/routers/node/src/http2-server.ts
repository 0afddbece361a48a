import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { peerOf } from './http-inbound.ts'
import type { Front } from './http-server.ts'
import { breakOff, http2Inbound, wasBrokenOff } from './http2-inbound.ts'
import type { Peer, RequestHandler } from './inbound.ts'
import type { Settings } from './options.ts'
import { LONG_HEAD, refuseRequest } from './refusal.ts'

/** A client's connection. */
interface Connection {
  readonly session: ServerHttp2Session
  readonly peer: Peer
  /** Requests that are being answered. */
  active: number
  /** Requests that the client broke off since `since`. */
  resets: number
  since: number
}

/** For a client to close its end too, once it was told all: what it still sends would reset the connection before that. */
const LINGER_MS = 1000

/** Within which time `limits.resets` counts. */
const RESETS_MS = 10_000

/** Serves HTTP/2 on connections that chose it. */
export function http2Front(settings: Settings, handle: RequestHandler): Front {
  const { timeouts, limits, logger } = settings
  const server = http2Server(settings)
  const connections = new Map<Http2Session, Connection>()
  const sockets = new Set<Socket>()
  let ended = false

  const take = (stream: ServerHttp2Stream, raw: readonly string[]): void => {
    const connection = stream.session && connections.get(stream.session)
    if (!connection) return stream.close(constants.NGHTTP2_REFUSED_STREAM)
    follow(connection, stream, limits.resets)
    if (timeouts.stalledMs > 0) cutStalled(stream, timeouts.stalledMs)
    if (!stream.endAfterHeaders && timeouts.requestMs > 0) limitBody(stream, timeouts.requestMs)
    const inbound = http2Inbound(stream, raw, connection.peer)
    if (headSize(raw) > limits.headBytes) refuseRequest(inbound.reply, LONG_HEAD)
    else handle(inbound)
  }

  server.on('session', (session) => {
    connections.set(session, newConnection(session))
    session.once('close', () => connections.delete(session))
    if (ended) session.close()
    endWhenIdle(session, timeouts.keepAliveMs, () => connections.get(session)?.active ?? 0)
  })
  server.on(
    'stream',
    (stream: ServerHttp2Stream, _: IncomingHttpHeaders, _flags: number, raw: string[]) =>
      take(stream, raw),
  )
  server.on('sessionError', (error) => logger.debug({ err: error }, 'connection of HTTP/2 failed'))

  return {
    accept(socket) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.once('finish', () => linger(socket))
      // Nobody goes on with HTTP/2 without a word back: it is how a client that has gone looks.
      socket.once('end', () => socket.destroy())
      server.emit('connection', socket)
    },
    end() {
      ended = true
      for (const session of connections.keys()) session.close()
    },
    cut() {
      const left = sockets.size
      for (const socket of sockets) socket.destroy()
      return left
    },
  }
}

function linger(socket: Socket): void {
  const late = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(late))
}

function http2Server({ limits }: Settings): Http2Server {
  return createServer({
    settings: {
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headBytes,
      enablePush: false,
    },
    // The bytes of a head are limited; a limit on its lines would silently drop those beyond.
    maxHeaderListPairs: Math.max(128, limits.headBytes),
  })
}

/** As HTTP/1 would send it: Node announces the limit to clients, but does not enforce it. */
function headSize(raw: readonly string[]): number {
  return raw.reduce((sum, text) => sum + text.length + 2, 0)
}

function newConnection(session: ServerHttp2Session): Connection {
  return { session, peer: peerOf(session.socket), active: 0, resets: 0, since: performance.now() }
}

/** Counts the requests of a connection. One that breaks off very many costs instances more than itself. */
function follow(connection: Connection, stream: ServerHttp2Stream, maxResets: number): void {
  connection.active += 1
  stream.on('error', () => undefined)
  stream.once('close', () => {
    connection.active -= 1
    if (wasReset(stream)) countReset(connection, maxResets)
  })
}

/** By the client, for whatever reason it gave. */
function wasReset(stream: ServerHttp2Stream): boolean {
  const early = stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR
  return early && !wasBrokenOff(stream)
}

function countReset(connection: Connection, maxResets: number): void {
  const now = performance.now()
  if (now - connection.since > RESETS_MS) Object.assign(connection, { resets: 0, since: now })
  connection.resets += 1
  const { session } = connection
  if (connection.resets <= maxResets || session.destroyed) return
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  // Once that is on its way.
  setImmediate(() => session.destroy())
}

function limitBody(stream: ServerHttp2Stream, requestMs: number): void {
  const late = setTimeout(() => breakOff(stream, constants.NGHTTP2_CANCEL), requestMs)
  stream.once('end', () => clearTimeout(late)).once('close', () => clearTimeout(late))
}

/** A client holds streams up one by one, while its connection goes on. */
function cutStalled(stream: ServerHttp2Stream, stalledMs: number): void {
  stream.setTimeout(stalledMs)
  stream.on('timeout', () => {
    if (stream.writableLength > 0) breakOff(stream, constants.NGHTTP2_CANCEL)
    else stream.setTimeout(stalledMs)
  })
}

function endWhenIdle(session: ServerHttp2Session, idleMs: number, active: () => number): void {
  const check = (): void => {
    if (active() === 0) session.close()
    else session.setTimeout(idleMs)
  }
  session.setTimeout(idleMs)
  session.on('timeout', check)
}
