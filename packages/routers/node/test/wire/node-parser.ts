import { createServer, type IncomingMessage, request as openRequest } from 'node:http'
import { Duplex } from 'node:stream'

/** A request as its reader understood it. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly raw: readonly string[]
  readonly body: string
}

/** An answer as its reader understood it. */
export interface SeenAnswer {
  /** Hints before it, each with its headers. */
  readonly hints: readonly (readonly [number, ...string[]])[]
  readonly status: number
  readonly reason: string
  readonly raw: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

/** A connection that has read `bytes`; `ended`: and their end. What is written to it goes nowhere. */
function connectionOf(bytes: Buffer, ended: boolean): Duplex {
  const connection = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
  })
  connection.push(bytes)
  if (ended) connection.push(null)
  return connection
}

/** Parsing takes no more than a few turns, since everything has been read already. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function late(): Promise<false> {
  await turns(20)
  return false
}

async function bodyOf(message: IncomingMessage, into: Buffer[]): Promise<boolean> {
  return new Promise((resolve) => {
    message.on('data', (chunk: Buffer) => into.push(chunk))
    message.once('end', () => resolve(message.complete))
    message.once('error', () => resolve(false))
    message.once('close', () => resolve(false))
  })
}

/** The whole requests that `node:http` reads at the beginning of `bytes`. */
export async function requestsByNode(bytes: Buffer): Promise<SeenRequest[]> {
  const seen: (SeenRequest & { whole: boolean })[] = []
  const server = createServer({ maxHeaderSize: 32_768 })
  server.maxHeadersCount = 0
  const take = (request: IncomingMessage): void => {
    const chunks: Buffer[] = []
    const one = {
      method: request.method ?? '',
      target: request.url ?? '',
      raw: request.rawHeaders,
      whole: false,
      get body() {
        return Buffer.concat(chunks).toString('latin1')
      },
    }
    seen.push(one)
    void bodyOf(request, chunks).then((whole) => (one.whole = whole))
  }
  server.on('request', take)
  server.on('checkContinue', take)
  server.on('clientError', () => undefined)
  const connection = connectionOf(bytes, false)
  connection.on('error', () => undefined)
  server.emit('connection', connection)
  await turns(3)
  const whole = seen
    .filter((one) => one.whole)
    .map(({ method, target, raw, body }) => ({ method, target, raw, body }))
  connection.destroy()
  return whole
}

/** The answer that `node:http` reads at the beginning of `bytes`, after which the connection ends. */
export async function answerByNode(bytes: Buffer, method: string): Promise<SeenAnswer | undefined> {
  const hints: [number, ...string[]][] = []
  const chunks: Buffer[] = []
  const connection = connectionOf(bytes, true)
  const sent = openRequest({ method, createConnection: () => connection, maxHeaderSize: 32_768 })
  sent.maxHeadersCount = 0
  sent.on('information', ({ statusCode, rawHeaders }) => hints.push([statusCode, ...rawHeaders]))
  sent.end()
  const answer = await new Promise<IncomingMessage | undefined>((resolve) => {
    sent.once('response', resolve)
    sent.once('upgrade', () => resolve(undefined))
    sent.on('error', () => resolve(undefined))
    void turns(20).then(() => resolve(undefined))
  })
  const whole = answer ? await Promise.race([bodyOf(answer, chunks), late()]) : false
  connection.destroy()
  if (!answer || !whole) return undefined
  return {
    hints,
    status: answer.statusCode ?? 0,
    reason: answer.statusMessage ?? '',
    raw: answer.rawHeaders,
    body: Buffer.concat(chunks).toString('latin1'),
    trailers: answer.rawTrailers,
  }
}
