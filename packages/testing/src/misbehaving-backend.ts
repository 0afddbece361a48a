import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type BackendIdentity, closeSockets, listen, RELEASE_HEADER } from './traffic-backend.ts'
import { chunkedBody, sizedBody, type WireBody } from './wire-body.ts'

/**
 * What an instance does to requests, the same each time:
 * - `stale`: it answers the first of each connection, and closes the connection on the second, as one whose idle timeout
 *   is over does in the very moment of a request
 * - `half-sized`, `half-chunked`: it dies after half of the body, of an announced length or in chunks
 * - `reset`: it resets the connection instead of an answer
 * - `silent`: it never answers
 */
export type Misbehaviour = 'stale' | 'half-sized' | 'half-chunked' | 'reset' | 'silent'

/** A server that misbehaves, and remembers what it was asked. */
export interface MisbehavingBackend {
  readonly instance: { readonly id: string; readonly address: string }
  /** How often it was sent a whole request for this path. */
  seen(path: string): number
  /** Resolves when it has been sent one. */
  untilSeen(path: string): Promise<void>
  /** Resolves when the connection that carried it has ended. */
  untilGone(path: string): Promise<void>
  close(): Promise<void>
}

const BODY = 'not all that there is to say'

/** Starts one on a free port of `host`. */
export async function misbehavingBackend(
  { id, release }: BackendIdentity,
  host: string,
  misbehaviour: Misbehaviour,
): Promise<MisbehavingBackend> {
  const seen = new Map<string, number>()
  const gone = new Set<string>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const paths: string[] = []
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      for (const path of paths) gone.add(path)
      server.emit('change')
    })
    readRequests(socket, (path) => {
      paths.push(path)
      seen.set(path, (seen.get(path) ?? 0) + 1)
      misbehave(socket, misbehaviour, { release, turn: paths.length })
      server.emit('change')
    })
  })
  const address = await listen(server, host)
  return {
    instance: { id, address },
    seen: (path) => seen.get(path) ?? 0,
    untilSeen: (path) => until(server, () => seen.has(path)),
    untilGone: (path) => until(server, () => gone.has(path)),
    close: () => closeSockets(server, sockets),
  }
}

interface Turn {
  readonly release: string
  /** Which request of its connection it is, from 1. */
  readonly turn: number
}

function misbehave(socket: Socket, misbehaviour: Misbehaviour, { release, turn }: Turn): void {
  const head = `HTTP/1.1 200 OK\r\n${RELEASE_HEADER}: ${release}\r\n`
  const sized = `${head}content-length: ${BODY.length}\r\n\r\n`
  const half = BODY.slice(0, BODY.length / 2)
  if (misbehaviour === 'stale' && turn === 1) socket.write(sized + BODY)
  else if (misbehaviour === 'stale') socket.end()
  else if (misbehaviour === 'half-sized') socket.end(sized + half)
  else if (misbehaviour === 'half-chunked')
    socket.end(
      `${head}transfer-encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n`,
    )
  else if (misbehaviour === 'reset') socket.resetAndDestroy()
}

const REQUEST_LINE = /^[A-Z]+ (\S+) HTTP\/1\.[01]\r\n/

/** Calls `asked` with the path of each request, when all of it has come. */
function readRequests(socket: Socket, asked: (path: string) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  let path = ''
  let body: WireBody | undefined
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (;;) {
      if (!body) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = rest.toString('latin1', 0, end + 2)
        path = REQUEST_LINE.exec(head)?.[1] ?? ''
        body = requestBody(head)
        rest = rest.subarray(end + 4)
      }
      const taken = body.take(rest)
      rest = taken.rest
      if (!taken.whole) return
      body = undefined
      asked(path)
    }
  })
}

function requestBody(head: string): WireBody {
  if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) return chunkedBody()
  return sizedBody(Number(/\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1] ?? 0))
}

async function until(server: Server, happened: () => boolean): Promise<void> {
  while (!happened()) await once(server, 'change')
}
