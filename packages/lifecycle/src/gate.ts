import type { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

import type { HttpServer } from './connections.ts'

/** Decides about every request of a server before the application sees it. */
export interface GateKeeper {
  /** A request; `false` keeps it from being executed. */
  readonly onRequest: (socket: Socket, response: ServerResponse) => boolean
  /** A request to change the protocol; `false` keeps it from being executed. */
  readonly onUpgrade: (socket: Socket) => boolean
}

const requestEvents = new Set(['request', 'checkContinue', 'checkExpectation'])
const upgradeEvents = new Set(['upgrade', 'connect'])

/**
 * Stands before all of a server's request listeners, whenever they were added, until the returned function is called.
 *
 * It wraps `emit`, since that is the one place where a request can still be held back: a listener, prepended or not, and a
 * diagnostics channel can look at a request but cannot keep the application from executing it.
 */
export function installGate(server: HttpServer, keeper: GateKeeper): () => void {
  const emitter: EventEmitter = server
  const own = Object.getOwnPropertyDescriptor(emitter, 'emit')
  const emit = emitter.emit.bind(emitter)
  emitter.emit = function emitGated(event: string | symbol, ...args: unknown[]): boolean {
    return passes(keeper, event, args) ? emit(event, ...args) : true
  }
  return () => {
    if (own === undefined) Reflect.deleteProperty(emitter, 'emit')
    else Object.defineProperty(emitter, 'emit', own)
  }
}

function passes(keeper: GateKeeper, event: string | symbol, args: unknown[]): boolean {
  if (typeof event !== 'string') return true
  if (requestEvents.has(event)) return requestPasses(keeper, args)
  if (upgradeEvents.has(event)) return upgradePasses(keeper, args)
  return true
}

// Requests that did not come over a socket, such as those that tests inject, are none of ours.
function requestPasses(keeper: GateKeeper, [request, response]: unknown[]): boolean {
  if (!(request instanceof IncomingMessage) || !(response instanceof ServerResponse)) return true
  if (!(request.socket instanceof Socket)) return true
  if (keeper.onRequest(request.socket, response)) return true
  request.resume()
  return false
}

function upgradePasses(keeper: GateKeeper, [, socket]: unknown[]): boolean {
  if (!(socket instanceof Socket) || keeper.onUpgrade(socket)) return true
  socket.destroy()
  return false
}
