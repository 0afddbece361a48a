import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { closeFrame } from '../src/web-socket-frames.ts'
import { type Backend, backend } from './backends.ts'
import { type RawClient, rawClient } from './clients.ts'

/** A backend that goes on with other protocols. */
export interface UpgradeBackend extends Backend {
  /** The connections that it went on with. */
  readonly upgraded: Socket[]
}

/** Answers 101, and leaves the connection to `serve`. */
export async function upgradeBackend(
  serve: (socket: Socket, request: IncomingMessage, head: Buffer) => void,
): Promise<UpgradeBackend> {
  const made = await backend((_request, response) => response.end('plain'))
  const upgraded: Socket[] = []
  onTestFinished(() => {
    for (const socket of upgraded) socket.destroy()
  })
  made.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    made.requests.push(request)
    upgraded.push(socket)
    socket.on('error', () => undefined)
    const key = request.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    )
    serve(socket, request, head)
  })
  return Object.assign(made, { upgraded })
}

export function upgradeHead(protocol = 'websocket', more = ''): string {
  return (
    `GET /socket?x HTTP/1.1\r\nHost: a\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`
  )
}

/** A client that was switched to `protocol`; what it reads from then on is in `text`, behind the head. */
export async function upgradedClient(url: string, protocol = 'websocket'): Promise<RawClient> {
  const client = await rawClient(url)
  client.socket.write(upgradeHead(protocol))
  await client.until(/^HTTP\/1\.1 101 [^]*?\r\n\r\n/)
  return client
}

/** A frame of text; `masked` with zeros as by a lazy client. */
export function textFrame(text: string, masked: boolean): Buffer {
  const payload = Buffer.from(text)
  const mask = masked ? [0, 0, 0, 0] : []
  const flag = masked ? 0x80 : 0
  const head =
    payload.length < 126
      ? [0x81, flag | payload.length]
      : [0x81, flag | 126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([...head, ...mask]), payload])
}

/** The Close frame of the router as read from a socket in latin1. */
export const GOODBYE: string = closeFrame(1001, false).toString('latin1')
export const MASKED_GOODBYE: string = closeFrame(1001, true).toString('latin1')

/** Collects what a socket reads. */
export function collected(socket: Socket): () => string {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  return () => text
}

export async function closedSocket(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}
