import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A client that shows every byte and every event of its connection. */
export interface RawClient {
  readonly socket: Socket
  readonly send: (text: string) => void
  /** Everything received so far. */
  readonly received: () => string
  /** Resolves when what was received contains the text so many times; rejects when the connection closes first. */
  readonly sees: (text: string, times?: number) => Promise<void>
  /** Resolves when the peer closed its side without error; rejects when the connection breaks. */
  readonly ended: Promise<void>
  /** Resolves with an error code, or `'clean'`, when the connection is gone. */
  readonly closed: Promise<string>
}

export function request(path = '/', headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
}

/** Connects, keeping its own side open when the server closes its side, if `allowHalfOpen`. */
export async function openRaw(port: number, options = {}): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  const client = watch(socket)
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return client
}

/** The same through TLS. */
export async function openTls(options: object): Promise<RawClient> {
  const socket = connectTls({ host: '127.0.0.1', rejectUnauthorized: false, ...options })
  const client = watch(socket)
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return client
}

function watch(socket: Socket): RawClient {
  let received = ''
  let failure: string | undefined
  socket.setMaxListeners(0)
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code ?? error.message
  })
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(failure ?? 'clean'))
  })
  const ended = new Promise<void>((resolve, reject) => {
    socket.once('end', resolve)
    socket.once('close', () => reject(new Error(`connection broke: ${failure}`)))
  })
  ended.catch(() => {})

  function sees(text: string, times = 1): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (count(received, text) < times) return
        socket.off('data', look)
        socket.off('close', fail)
        resolve()
      }
      const fail = (): void => reject(new Error(`closed before ${text}, received: ${received}`))
      socket.on('data', look)
      socket.on('close', fail)
      look()
    })
  }

  return {
    socket,
    send: (text) => void socket.write(text),
    received: () => received,
    sees,
    ended,
    closed,
  }
}

export function count(text: string, part: string): number {
  return text.split(part).length - 1
}
