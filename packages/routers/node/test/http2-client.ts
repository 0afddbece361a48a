import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { onTestFinished } from 'vitest'
import { identity } from './certificates.ts'

/** A connection of HTTP/2, until the test ends. */
export async function http2Client(url: string): Promise<ClientHttp2Session> {
  const session = connect(url, { ca: identity('a').cert })
  onTestFinished(() => session.destroy())
  session.on('error', () => undefined)
  await once(session, 'connect')
  return session
}

/** What came back of one request. */
export interface Answer2 {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly hints: readonly IncomingHttpHeaders[]
  readonly trailers: IncomingHttpHeaders | undefined
  readonly body: string
}

export interface Ask2 {
  readonly body?: string | Buffer
  readonly trailers?: OutgoingHttpHeaders
}

/** Sends one request; rejects where its answer is not whole. */
export async function ask2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  { body, trailers }: Ask2 = {},
): Promise<Answer2> {
  const stream = session.request(headers, {
    endStream: body === undefined,
    waitForTrailers: trailers !== undefined,
  })
  if (trailers) stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}

/** The whole answer of a stream. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Answer2> {
  const hints: IncomingHttpHeaders[] = []
  let trailers: IncomingHttpHeaders | undefined
  stream.on('headers', (hint: IncomingHttpHeaders) => hints.push(hint))
  stream.on('trailers', (sent: IncomingHttpHeaders) => (trailers = sent))
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return {
    status: Number(headers[':status']),
    headers,
    hints,
    trailers,
    body: Buffer.concat(chunks).toString(),
  }
}
