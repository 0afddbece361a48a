import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect, createServer as createRawServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

/** A real HTTP server on a free port, until the test ends. */
export interface Backend {
  readonly address: string
  readonly server: Server
  readonly requests: IncomingMessage[]
  connections: number
  close(): Promise<void>
}

export async function backend(listener: RequestListener): Promise<Backend> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  onTestFinished(close)
  const made: Backend = {
    address: await listening(server),
    server,
    requests,
    connections: 0,
    close,
  }
  server.on('connection', () => (made.connections += 1))
  return made
}

/** A server that answers everything with its name. */
export async function named(name: string): Promise<Backend> {
  return backend((_request, response) => response.end(name))
}

/** What a raw backend is asked. */
export interface RawRequest {
  readonly head: string
  readonly socket: Socket
  /** Which request of its connection it is, from 1. */
  readonly turn: number
}

/** A server that answers bytes with bytes, for what no well-behaved one would send. */
export interface RawBackend {
  readonly address: string
  readonly heads: string[]
  /** Open ones. */
  readonly sockets: Set<Socket>
  /** Those ever made. */
  readonly connections: number
}

const HEAD = /(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) [^]*?\r\n\r\n/

/** Calls `answer` for each request head. Bodies are skipped. */
export async function rawBackend(answer: (request: RawRequest) => void): Promise<RawBackend> {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createRawServer((socket) => {
    connections += 1
    let turn = 0
    let text = ''
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let found = HEAD.exec(text); found; found = HEAD.exec(text)) {
        const [head] = found
        text = text.slice(found.index + head.length)
        heads.push(head)
        turn += 1
        answer({ head, socket, turn })
      }
    })
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = await listening(server)
  return {
    address,
    heads,
    sockets,
    get connections() {
      return connections
    },
  }
}

/** An address that nobody listens on. */
export async function deadAddress(): Promise<string> {
  const server = createRawServer()
  const address = await listening(server)
  const closed = once(server, 'close')
  server.close()
  await closed
  return address
}

/** An address that accepts nothing: its queue is full, and whoever knocks gets no reply. */
export async function silentAddress(): Promise<string> {
  const blocked = new Worker(
    `const { createServer } = require('node:net')
     const { parentPort } = require('node:worker_threads')
     const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
     })`,
    { eval: true },
  )
  const [port] = (await once(blocked, 'message')) as [number]
  const fillers = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }))
  for (const filler of fillers) filler.on('error', () => undefined)
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy()
    await blocked.terminate()
  })
  await Promise.race(fillers.map((filler) => once(filler, 'connect')))
  return `127.0.0.1:${port}`
}

async function listening(server: Server | ReturnType<typeof createRawServer>): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `127.0.0.1:${address.port}`
}
