import { once } from 'node:events'
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly trailers: IncomingMessage['trailers']
  readonly body: string
}

export interface Ask extends Omit<RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: string | Buffer
  readonly trailers?: Readonly<Record<string, string>>
}

/** Sends one request, and rejects where its answer is not whole. Never retries. */
export async function ask(url: string, { body, trailers, ...options }: Ask = {}): Promise<Answer> {
  const framed = body === undefined || trailers !== undefined
  const length = framed ? {} : { 'Content-Length': Buffer.byteLength(body) }
  const headers = { ...length, ...options.headers }
  const sent = request(url, { agent: false, ...options, headers })
  if (body !== undefined) sent.write(body)
  if (trailers) sent.addTrailers(trailers)
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    trailers: response.trailers,
    body: Buffer.concat(chunks).toString(),
  }
}

/** An agent that keeps its connections, until the test ends. */
export function keepAlive(options: { maxSockets?: number } = {}): Agent {
  const agent = new Agent({ keepAlive: true, ...options })
  onTestFinished(() => agent.destroy())
  return agent
}

/** A connection on which bytes are written and read as they are. */
export interface RawClient {
  readonly socket: Socket
  /** Everything read so far. */
  readonly text: () => string
  /** Resolves with everything read so far as soon as `pattern` is in it. */
  readonly until: (pattern: RegExp) => Promise<string>
  /** Resolves when the connection is closed: by an end, or by a reset. */
  readonly closed: Promise<'end' | 'reset'>
}

export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: false })
  onTestFinished(() => void socket.destroy())
  let text = ''
  let reset = false
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('error', () => (reset = true))
  const closed = new Promise<'end' | 'reset'>((resolve) => {
    socket.on('close', () => resolve(reset ? 'reset' : 'end'))
  })
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) {
      if (socket.destroyed) throw new Error(`closed before ${String(pattern)}, after: ${text}`)
      await Promise.race([once(socket, 'data'), closed])
    }
    return text
  }
  await once(socket, 'connect')
  return { socket, text: () => text, until, closed }
}

/** Writes `bytes`, and resolves with all that comes back until the connection is closed. */
export async function exchangeRaw(url: string, bytes: string): Promise<string> {
  const client = await rawClient(url)
  client.socket.write(bytes, 'latin1')
  await client.closed
  return client.text()
}
