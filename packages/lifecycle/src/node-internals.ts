import { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import type { Server } from 'node:net'

/**
 * Everything that this package reads of Node's private state, in one place. Each function has an answer for a Node that lacks
 * it, and each such answer makes a drain slower, never wrong.
 */
type HttpServer = Server

/** The response that is being written to a socket: also one that was ended but not yet handed to the system. */
export function responseOf(socket: Socket): ServerResponse | undefined {
  const message: unknown = Reflect.get(socket, '_httpMessage')
  return message instanceof ServerResponse ? message : undefined
}

let seesResponses: boolean | undefined

/** Whether {@link responseOf} works on this Node, found out once with a response that goes nowhere. */
export function canSeeResponses(): boolean {
  seesResponses ??= tryResponse()
  return seesResponses
}

function tryResponse(): boolean {
  const socket = new Socket()
  const response = new ServerResponse(new IncomingMessage(socket))
  response.assignSocket(socket)
  const seen = responseOf(socket) === response
  response.detachSocket(socket)
  socket.destroy()
  return seen
}

/** Whether the socket was handed over to another protocol: an upgrade or a CONNECT tunnel. Without the field: no. */
export function isUpgraded(socket: Socket): boolean {
  return Reflect.get(socket, 'parser') === null
}

/** The head of a response as it was sent; `undefined` while it was not. Without the field: never sent. */
export function sentHeadOf(response: ServerResponse): string | undefined {
  const head: unknown = response.headersSent ? Reflect.get(response, '_header') : undefined
  return typeof head === 'string' ? head : undefined
}

/** Streams that are open on an HTTP/2 session. Without the field: none, and their ends are not counted. */
export function openStreams(session: ServerHttp2Session): ServerHttp2Stream[] {
  const state: unknown = bySymbol(session, 'state')
  const streams: unknown = isObject(state) ? Reflect.get(state, 'streams') : undefined
  const each: unknown = isObject(streams) ? Reflect.get(streams, 'forEach') : undefined
  const found: ServerHttp2Stream[] = []
  // Not an instance of Map, but of a class of Node's own that has its methods.
  if (typeof each === 'function') {
    Reflect.apply(each, streams, [(stream: ServerHttp2Stream) => void found.push(stream)])
  }
  return found
}

/** What the `ws` package speaks through over a socket. Without the field: nothing, and the socket is taken for a raw one. */
export function webSocketOver(socket: Socket): unknown {
  return bySymbol(socket, 'websocket')
}

/** Whether another request was parsed behind this response's own, on the same socket. Without the field: no. */
export function hasRequestBehind(socket: Socket, response: ServerResponse): boolean {
  const parser: unknown = Reflect.get(socket, 'parser')
  const newest: unknown = isObject(parser) ? Reflect.get(parser, 'incoming') : undefined
  return newest instanceof IncomingMessage && newest !== response.req
}

/** Sockets in the middle of a request's head or body, or new ones; `undefined` where this Node does not tell. */
export function receivingSockets(server: HttpServer): ReadonlySet<Socket> | undefined {
  return listSockets(server, 'active')
}

/** All sockets of a server that speak HTTP; empty where this Node does not tell. */
export function openSockets(server: HttpServer): ReadonlySet<Socket> {
  return listSockets(server, 'all') ?? new Set()
}

function listSockets(server: HttpServer, method: 'active' | 'all'): Set<Socket> | undefined {
  const list: unknown = bySymbol(server, 'http.server.connections')
  const read: unknown = isObject(list) ? Reflect.get(list, method) : undefined
  if (typeof read !== 'function') return undefined
  const parsers: unknown = Reflect.apply(read, list, [])
  if (!Array.isArray(parsers)) return undefined
  const sockets = parsers.map((parser: unknown): unknown =>
    isObject(parser) ? Reflect.get(parser, 'socket') : undefined,
  )
  return new Set(sockets.filter((socket) => socket instanceof Socket))
}

/** Stops the timer that looks for slow requests, which `http.Server.close` would stop. Without it: an unreferenced timer stays. */
export function stopCheckingConnections(server: HttpServer): void {
  const timer: unknown = bySymbol(server, 'http.server.connectionsCheckingInterval')
  if (isTimer(timer)) clearInterval(timer)
}

function bySymbol(target: object, description: string): unknown {
  const key = Object.getOwnPropertySymbols(target).find(
    (symbol) => symbol.description === description,
  )
  return key === undefined ? undefined : Reflect.get(target, key)
}

function isTimer(value: unknown): value is NodeJS.Timeout {
  return isObject(value) && typeof Reflect.get(value, 'hasRef') === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
