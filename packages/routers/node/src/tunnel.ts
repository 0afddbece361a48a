import type { Socket } from 'node:net'
import { closeFrame, frameWay, type FrameWay } from './web-socket-frames.ts'

/** A client and an instance that speak a protocol of their own through the router. */
export interface Tunnel {
  readonly closed: boolean
  /**
   * Asks both sides to end: with Close frames where they speak WebSocket, else by ending both directions. What is left
   * after `graceMs` is cut, and `forced` hears of it.
   */
  wind(graceMs: number, forced: () => void): void
}

/** What a tunnel connects. */
export interface TunnelEnds {
  readonly client: Socket
  readonly instance: Socket
  /** Lower case, such as `websocket`. */
  readonly protocol: string
  /** How long nothing may pass before it is wound up; 0: for ever. */
  readonly idleMs: number
  readonly graceMs: number
  /** Hears once when both ends are closed. */
  readonly done: () => void
}

/** Going Away (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001

/** One direction: what it may do to the bytes that pass. */
type Way = Pick<FrameWay, 'pass' | 'close' | 'closed' | 'shut'>

/** Connects both ends: bytes go both ways at the slower one's pace, and each direction ends by itself. */
export function openTunnel({
  client,
  instance,
  protocol,
  idleMs,
  graceMs,
  done,
}: TunnelEnds): Tunnel {
  const framed = protocol === 'websocket'
  const up = framed ? frameWay() : openWay()
  const down = framed ? frameWay() : openWay()
  const timers: NodeJS.Timeout[] = []
  let left = 2
  let winding = false

  /** The client has said goodbye, and was said goodbye: the server is the one to end the connection. */
  const parted = (): void => {
    if (down.shut && up.closed) client.end()
  }

  const closeOne = (other: Socket) => (hadError: boolean) => {
    left -= 1
    if (hadError) other.destroy()
    else other.destroySoon()
    if (left > 0) return
    for (const timer of timers) clearTimeout(timer)
    done()
  }

  const wind = (ms: number, forced: () => void): void => {
    if (winding || left === 0) return
    winding = true
    if (!framed) for (const end of [client, instance]) end.end()
    send(client, down.close(closeFrame(GOING_AWAY, false)))
    // Mostly the client's own Close comes first, behind all that it had sent before.
    const insist = (): void => send(instance, up.close(closeFrame(GOING_AWAY, true)))
    const cut = (): void => {
      forced()
      client.destroy()
      instance.destroy()
    }
    timers.push(setTimeout(insist, ms / 2), setTimeout(cut, ms))
    parted()
  }

  client.once('close', closeOne(instance))
  instance.once('close', closeOne(client))
  flow(client, instance, up, parted)
  flow(instance, client, down, parted)
  client.setKeepAlive(true)
  client.setTimeout(idleMs, () => wind(graceMs, () => undefined))
  return {
    get closed() {
      return left === 0
    },
    wind,
  }
}

/** Ends are destroyed without a word where the other one broke, so errors have nothing to add. */
function flow(from: Socket, to: Socket, way: Way, passed: () => void): void {
  from.on('error', () => undefined)
  from.on('data', (chunk: Buffer) => {
    const bytes = way.pass(chunk)
    if (bytes.length > 0 && to.writable && !to.write(bytes)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
    passed()
  })
  from.once('end', () => to.end())
}

function send(to: Socket, bytes: Buffer): void {
  if (bytes.length > 0 && to.writable) to.write(bytes)
}

/** A direction of a protocol that the router knows nothing of. */
function openWay(): Way {
  return { closed: false, shut: false, pass: (chunk) => chunk, close: () => Buffer.alloc(0) }
}
