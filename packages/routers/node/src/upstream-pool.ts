import { Agent } from 'node:http'
import { connect, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address } from './address.ts'

/** Limits of the connections to instances. */
export interface UpstreamLimits {
  /** How long a connection may take to be made. */
  readonly connectMs: number
  /** How long a connection is kept for the next request; 0 keeps none. */
  readonly idleMs: number
  /** Idle connections kept for each instance. */
  readonly idleConnections: number
}

/** The keep-alive connections to one address. The connection used last is used first, so that the others go idle. */
export interface Endpoint extends Address {
  readonly agent: Agent
  /** Closes the idle connections; the next request makes a fresh one. */
  readonly dropIdle: () => void
  /** Closes the idle connections now and each busy one as soon as its answer ended. */
  readonly retire: () => void
  /** Closes every connection at once. */
  readonly destroy: () => void
}

/** Errors of connections that were never made: nothing was sent, so any request may go elsewhere. */
const neverConnected = new WeakSet<Error>()

/** Idle limits that instances announced, where they are shorter than the router's own. */
const announcedIdle = new WeakMap<Socket, number>()

/** Whether `error` proves that the instance never saw a byte of the request. */
export function wasNeverConnected(error: Error): boolean {
  return neverConnected.has(error)
}

/** Keeps `socket` no longer than its instance said that it would, less a second for the way there. */
export function announceIdle(socket: Socket, seconds: number): void {
  announcedIdle.set(socket, Math.max(0, seconds * 1000 - 1000))
}

/** A pool of connections to `address`, empty at first. */
export function endpoint(address: Address, limits: UpstreamLimits): Endpoint {
  const agent = new EndpointAgent(address, limits)
  return {
    ...address,
    agent,
    dropIdle: () => agent.dropIdle(),
    retire: () => agent.retire(),
    destroy: () => agent.destroy(),
  }
}

/** A class because `http.Agent` is made to be used by overriding. Each holds the connections of one address only. */
class EndpointAgent extends Agent {
  readonly #address: Address
  readonly #limits: UpstreamLimits
  #retired = false

  constructor(address: Address, limits: UpstreamLimits) {
    super({ keepAlive: true, scheduling: 'lifo', maxFreeSockets: limits.idleConnections })
    this.#address = address
    this.#limits = limits
  }

  override getName(): string {
    return ''
  }

  override createConnection(): Duplex {
    return dial(this.#address, this.#limits.connectMs)
  }

  /** Decides whether an answered connection is kept. Leaves out what Node repeats for each answer: keep-alive probes, unref. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#retired || !(socket instanceof Socket)) return false
    const idleMs = Math.min(this.#limits.idleMs, announcedIdle.get(socket) ?? Infinity)
    if (idleMs > 0) socket.setTimeout(idleMs)
    return idleMs > 0
  }

  dropIdle(): void {
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy()
  }

  retire(): void {
    this.#retired = true
    this.dropIdle()
  }
}

function dial({ host, port }: Address, connectMs: number): Socket {
  const socket = connect({ host, port, noDelay: true, keepAlive: true })
  const late = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error(`no connection within ${connectMs} ms`), { code: 'ETIMEDOUT' }),
    )
  }, connectMs)
  socket.once('error', markUnsent)
  socket.once('close', () => clearTimeout(late))
  socket.once('connect', () => {
    clearTimeout(late)
    socket.off('error', markUnsent)
  })
  return socket
}

function markUnsent(error: Error): void {
  neverConnected.add(error)
}
