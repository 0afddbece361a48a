import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Inbound, Peer, Reply } from './inbound.ts'

/** A request of HTTP/1 as Node's parser read it. `expects`: the client waits for 100 Continue. */
export function httpInbound(
  request: IncomingMessage,
  response: ServerResponse,
  expects: boolean,
): Inbound {
  const { method = 'GET', url = '', rawHeaders, socket } = request
  const old = request.httpVersionMajor === 1 && request.httpVersionMinor === 0
  return {
    method,
    url,
    rawHeaders,
    version: old ? '1.0' : '1.1',
    expects,
    peer: peerOf(socket),
    body: request,
    trailers: () => request.rawTrailers,
    reply: httpReply(response, old),
  }
}

function httpReply(response: ServerResponse, old: boolean): Reply {
  response.on('error', ignore)
  return {
    get begun() {
      return response.headersSent
    },
    get gone() {
      return response.destroyed
    },
    begin: (status, message, headers) => void response.writeHead(status, message, headers),
    hint(status, message, headers) {
      const lines = headers.map((text, i) => text + (i % 2 === 0 ? ': ' : '\r\n')).join('')
      response.socket?.write(`HTTP/1.1 ${status} ${message}\r\n${lines}\r\n`)
    },
    proceed: () => response.writeContinue(),
    write: (chunk) => response.write(chunk),
    drain: (listener) => void response.once('drain', listener),
    end(body, trailers = []) {
      if (trailers.length > 0) response.addTrailers(trailers)
      response.end(body)
    },
    cut() {
      // A body to HTTP/1.0 may have no other end than the connection's: only a reset tells it from a complete one.
      if (old) response.socket?.resetAndDestroy()
      else response.destroy()
    },
    last: () => void (response.shouldKeepAlive = false),
    done: (listener) => void response.once('close', listener),
  }
}

/** Both ends of a connection. A client that reached an IPv6 listener by IPv4 has an address of its own form. */
export function peerOf(socket: Socket): Peer {
  const { remoteAddress = '' } = socket
  return {
    address: remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress,
    secure: 'encrypted' in socket,
    get local() {
      const { localAddress = '', localPort } = socket
      return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
    },
  }
}

function ignore(): void {
  // The client's connection broke; its 'close' follows and says all there is to say.
}
