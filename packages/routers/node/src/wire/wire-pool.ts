import type { Socket } from 'node:net'
import type { Address } from '@changeover/engine'
import { dial } from '../dial.ts'
import { READ_BYTES } from './spare-buffers.ts'
import { sweeper } from './sweeper.ts'

/** Limits of the connections in a pool. */
export interface WireLimits {
  /** How long a connection may take to be made. */
  readonly connectMs: number
  /** How long a connection is kept for the next request; 0 keeps none. */
  readonly idleMs: number
  /** Idle connections kept. */
  readonly idleConnections: number
  /** How long an instance may take for the head of its answer; 0 sets no limit. */
  readonly answerMs: number
}

/** Hears what comes of the request on a connection, until it lets go of it. */
export interface AnswerSink {
  /** The connection was made. */
  connected(): void
  /** The first `length` of `bytes` came. They are overwritten after the call. */
  bytes(bytes: Buffer, length: number): void
  /** Everything that was written has been taken. */
  drained(): void
  /** The instance has ended its side. */
  ended(): void
  /** The connection is gone. `error` where it did not just end. */
  closed(error: Error | undefined): void
  /** Its answer did not begin in time. */
  late(): void
}

/** A connection to an instance. */
export interface WireConnection {
  readonly socket: Socket
  readonly pool: WirePool
  /** Who has a request on it; undefined while it is idle. */
  sink: AnswerSink | undefined
  /** It has answered a request before. */
  reused: boolean
  /** When it is closed if idle, or its answer late; on the clock of `performance.now()`. */
  dueAt: number
  /** How long it is kept idle. */
  idleMs: number
}

/** The keep-alive connections to one address. The one used last is used first, so that the others go idle. */
export interface WirePool {
  /** An idle connection, else one that is being made. */
  take(sink: AnswerSink): WireConnection
  /** Keeps a connection for the next request, or closes it where it is of no use. */
  release(connection: WireConnection): void
  /** Its request has been sent whole: from now on its answer may be late. */
  awaitAnswer(connection: WireConnection): void
  /** Closes the idle connections; the next request makes a fresh one. */
  dropIdle(): void
  /** Closes the idle connections now and each busy one as soon as its answer ended. */
  retire(): void
  /** Closes every connection at once. */
  destroy(): void
}

/** Where all connections read into: each read is used up before the next one, since there is one thread. */
const READ = Buffer.allocUnsafeSlow(READ_BYTES)

/** A pool of connections to `address`, empty at first. */
export function wirePool(address: Address, limits: WireLimits): WirePool {
  const all = new Set<WireConnection>()
  const idle: WireConnection[] = []
  let retired = false
  const sweep = sweeper([limits.answerMs, limits.idleMs], (now) => {
    for (const connection of all) if (now >= connection.dueAt) overdue(connection)
  })
  const remove = (connection: WireConnection): void => {
    all.delete(connection)
    forget(idle, connection)
    if (all.size === 0) sweep.stop()
  }
  const dropIdle = (): void => {
    for (const { socket } of idle.splice(0)) socket.destroy()
  }
  const pool: WirePool = {
    take: (sink) => reuse(idle, sink) ?? opened(sink),
    release(connection) {
      connection.sink = undefined
      // It may have had to wait for a slow client.
      if (connection.socket.isPaused()) connection.socket.resume()
      connection.dueAt = performance.now() + connection.idleMs
      const useful = !retired && connection.idleMs > 0 && idle.length < limits.idleConnections
      if (useful && isWhole(connection.socket)) idle.push(connection)
      else connection.socket.destroy()
    },
    awaitAnswer(connection) {
      if (limits.answerMs > 0) connection.dueAt = performance.now() + limits.answerMs
    },
    dropIdle,
    retire() {
      retired = true
      dropIdle()
    },
    destroy() {
      retired = true
      for (const { socket } of all) socket.destroy()
    },
  }
  const opened = (sink: AnswerSink): WireConnection => {
    const connection = open(address, pool, limits, () => forget(idle, connection))
    connection.sink = sink
    connection.socket.once('close', () => remove(connection))
    all.add(connection)
    sweep.start()
    return connection
  }
  return pool
}

/** Looks no further than at the newest: where that one is too old, all are. */
function reuse(idle: WireConnection[], sink: AnswerSink): WireConnection | undefined {
  const connection = idle.pop()
  if (!connection) return undefined
  if (performance.now() >= connection.dueAt || !isWhole(connection.socket)) {
    connection.socket.destroy()
    return reuse(idle, sink)
  }
  connection.sink = sink
  connection.reused = true
  connection.dueAt = Infinity
  return connection
}

/** Both directions are open, and nothing is left of the last request. */
function isWhole(socket: Socket): boolean {
  return socket.writable && socket.writableLength === 0 && !socket.destroyed
}

function forget(idle: WireConnection[], connection: WireConnection): void {
  const index = idle.indexOf(connection)
  if (index >= 0) idle.splice(index, 1)
}

function overdue({ sink, socket }: WireConnection): void {
  if (sink) sink.late()
  else socket.destroy()
}

function open(
  address: Address,
  pool: WirePool,
  { connectMs, idleMs }: WireLimits,
  ended: () => void,
): WireConnection {
  let failure: Error | undefined
  const onread = {
    buffer: READ,
    callback: (length: number): boolean => {
      // Nobody asked for anything, so these bytes are nobody's answer.
      if (connection.sink) connection.sink.bytes(READ, length)
      else connection.socket.destroy()
      return true
    },
  }
  const socket = dial(address, { connectMs, onread })
  const connection: WireConnection = {
    socket,
    pool,
    sink: undefined,
    reused: false,
    dueAt: Infinity,
    idleMs,
  }
  socket.on('connect', () => connection.sink?.connected())
  socket.on('drain', () => connection.sink?.drained())
  socket.on('error', (error) => (failure = error))
  socket.on('end', () => {
    ended()
    connection.sink?.ended()
  })
  socket.on('close', () => connection.sink?.closed(failure))
  return connection
}
