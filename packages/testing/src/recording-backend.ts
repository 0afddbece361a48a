import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import {
  readHead,
  readRequest,
  type RecordedReading,
  type RecordedRequest,
  valuesOf,
} from './recorded-request.ts'

/** An instance that keeps every byte it gets, and answers with bytes. */
export interface RecordingBackend {
  readonly address: string
  /** Every request whose head has come, whole or not. */
  readonly requests: readonly RecordedRequest[]
  /** Bytes that were taken from it, over all of its connections. */
  written(): number
  close(): Promise<void>
}

/** Answers a whole request; the next one of its connection waits. What it takes over is not read as HTTP any more. */
export type WireAnswering = (request: RecordedRequest, socket: Socket) => WireAnswered

type WireAnswered = void | 'taken' | Promise<void>

/** Writes the end of an answer; where the request asks for it, the connection ends with it. */
export function finish(socket: Socket, request: RecordedRequest, bytes: string): void {
  const asked = valuesOf(request, 'connection').some((value) => /\bclose\b/i.test(value))
  if (asked) socket.end(bytes, 'latin1')
  else socket.write(bytes, 'latin1')
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** Starts an instance on a free port of `host`. */
export async function recordingBackend(
  host: string,
  answer: WireAnswering,
): Promise<RecordingBackend> {
  const requests: RecordedRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    record(socket, requests, answer)
  })
  await once(server.listen(0, host), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    requests,
    written: () =>
      [...sockets].reduce((sum, one) => sum + one.bytesWritten - one.writableLength, 0),
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Reads requests from a connection one after another. `at` is the place of the one under way. */
function record(socket: Socket, requests: RecordedRequest[], answer: WireAnswering): void {
  let bytes = ''
  let at: number | undefined
  let answering = false
  let ended = false

  const begin = ({ request }: RecordedReading): number => {
    const expects = valuesOf(request, 'expect').some((one) => one.toLowerCase() === '100-continue')
    if (expects) socket.write(CONTINUE)
    return requests.push(request) - 1
  }
  const next = (): RecordedRequest | undefined => {
    const head = readHead(bytes)
    if (!head) return undefined
    at ??= begin(head)
    const whole = readRequest(bytes)
    if (!whole) return undefined
    requests[at] = whole.request
    at = undefined
    bytes = whole.rest
    return whole.request
  }
  const answerAll = async (): Promise<void> => {
    answering = true
    for (let request = next(); request; request = next()) {
      const answered = answer(request, socket)
      if (answered === 'taken') return void socket.off('data', take).off('end', end)
      await answered
    }
    answering = false
    if (ended) socket.end()
  }
  const take = (chunk: Buffer): void => {
    bytes += chunk.toString('latin1')
    if (!answering) void answerAll()
  }
  const end = (): void => {
    ended = true
    if (!answering) socket.end()
  }
  socket.on('data', take).on('end', end)
}
