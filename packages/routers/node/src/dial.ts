import { connect, type OnReadOpts, type Socket } from 'node:net'
import type { Address } from '@changeover/engine'

/** How a connection to an instance is made. */
export interface DialOptions {
  /** How long it may take. */
  readonly connectMs: number
  /** Whether each side may end on its own, as two that talk no HTTP may. @default false */
  readonly allowHalfOpen?: boolean
  /** Takes what is read instead of the socket's 'data'. */
  readonly onread?: OnReadOpts
}

/** Errors of connections that were never made: nothing was sent, so any request may go elsewhere. */
const neverConnected = new WeakSet<Error>()

/** Whether `error` proves that the instance never saw a byte of the request. */
export function wasNeverConnected(error: Error): boolean {
  return neverConnected.has(error)
}

/** A connection to `address` under way. */
export function dial(
  { host, port }: Address,
  { connectMs, allowHalfOpen = false, onread }: DialOptions,
): Socket {
  const options = { host, port, noDelay: true, keepAlive: true, allowHalfOpen }
  const socket = connect(onread ? { ...options, onread } : options)
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
