import { Agent, type ClientRequest } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address } from '@changeover/engine'
import { dial } from './dial.ts'
import { type WirePool, wirePool } from './wire/wire-pool.ts'

/** Limits of the connections to instances. */
export interface UpstreamLimits {
  /** How long a connection may take to be made. */
  readonly connectMs: number
  /** How long a connection is kept for the next request; 0 keeps none. */
  readonly idleMs: number
  /** Idle connections kept for each instance. */
  readonly idleConnections: number
  /** How long an instance may take for the head of its answer; 0 sets no limit. */
  readonly answerMs: number
}

/** The keep-alive connections to one address. The connection used last is used first, so that the others go idle. */
export interface Endpoint extends Address {
  /** Those of requests that go by `node:http`. */
  readonly agent: Agent
  /** Those of plain requests. */
  readonly wire: WirePool
  /** Closes the idle connections; the next request makes a fresh one. */
  readonly dropIdle: () => void
  /** Closes the idle connections now and each busy one as soon as its answer ended. */
  readonly retire: () => void
  /** Closes every connection at once. */
  readonly destroy: () => void
}

/** Idle limits that instances announced, where they are shorter than the router's own. */
const announcedIdle = new WeakMap<Socket, number>()

/** Keeps `socket` no longer than its instance said that it would, less a second for the way there. */
export function announceIdle(socket: Socket, seconds: number): void {
  announcedIdle.set(socket, Math.max(0, seconds * 1000 - 1000))
}

/** A pool of connections to `address`, empty at first. */
export function endpoint(address: Address, limits: UpstreamLimits): Endpoint {
  const agent = new EndpointAgent(address, limits)
  const wire = wirePool(address, limits)
  return {
    ...address,
    agent,
    wire,
    dropIdle() {
      agent.dropIdle()
      wire.dropIdle()
    },
    retire() {
      agent.retire()
      wire.retire()
    },
    destroy() {
      agent.destroy()
      wire.destroy()
    },
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
    return dial(this.#address, this.#limits)
  }

  /** Decides whether an answered connection is kept. Leaves out what Node repeats for each answer: keep-alive probes, unref. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#retired || !(socket instanceof Socket)) return false
    const idleMs = Math.min(this.#limits.idleMs, announcedIdle.get(socket) ?? Infinity)
    if (idleMs <= 0) return false
    socket.setTimeout(idleMs)
    socket.once('data', destroyThis)
    return true
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.off('data', destroyThis)
    super.reuseSocket(socket, request)
  }

  dropIdle(): void {
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy()
  }

  retire(): void {
    this.#retired = true
    this.dropIdle()
  }
}

/** Nobody asked for anything on an idle connection, so what comes there is nobody's answer. */
function destroyThis(this: Duplex): void {
  this.destroy()
}
