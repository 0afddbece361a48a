import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Inbound, Peer, Reply } from './inbound.ts'
import type { RawHeaders } from './headers.ts'

/** A request of HTTP/2, with its head as HTTP/1 would have it. */
export function http2Inbound(stream: ServerHttp2Stream, raw: RawHeaders, peer: Peer): Inbound {
  const { method, url, headers, expects, sized } = readHead(raw)
  let trailers: RawHeaders = []
  stream.once('trailers', (_headers: IncomingHttpHeaders, _flags: number, sent?: RawHeaders) => {
    trailers = sent ?? []
  })
  return {
    method,
    url,
    rawHeaders: headers,
    version: '2',
    ...(!sized && !stream.endAfterHeaders && { framing: 'chunked' }),
    expects,
    peer,
    body: stream,
    trailers: () => trailers,
    reply: http2Reply(stream),
  }
}

interface Head {
  method: string
  url: string
  headers: string[]
  expects: boolean
  /** It says how long the body is. */
  sized: boolean
}

/** Pseudo headers become what they stand for; cookies, which HTTP/2 may send apart, become one header again. */
function readHead(raw: RawHeaders): Head {
  const head: Head = { method: 'GET', url: '', headers: [], expects: false, sized: false }
  const cookies: string[] = []
  let authority: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (name === ':method') head.method = value
    else if (name === ':path') head.url = value
    else if (name === ':authority') authority = value
    else if (name === 'cookie') cookies.push(value)
    else if (!name.startsWith(':')) head.headers.push(name, value)
    if (name === 'content-length') head.sized = true
    if (name === 'expect') head.expects = value.toLowerCase() === '100-continue'
  }
  if (authority !== undefined) addHost(head.headers, authority)
  if (cookies.length > 0) head.headers.push('cookie', cookies.join('; '))
  return head
}

/** A Host that says the same is no second one; one that says something else stays, and gets the request refused. */
function addHost(headers: string[], authority: string): void {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text === 'host')
  if (at < 0 || headers[at + 1] !== authority) headers.push('host', authority)
}

function http2Reply(stream: ServerHttp2Stream): Reply {
  let trailers: OutgoingHttpHeaders | undefined
  // Nothing else ends the stream well, so that no answer that broke off can.
  stream.once('wantTrailers', () => {
    if (trailers) sendTrailers(stream, trailers)
  })
  return {
    get begun() {
      return stream.headersSent
    },
    get gone() {
      return stream.closed || stream.destroyed
    },
    begin(status, _message, headers) {
      stream.respond({ ...grouped(headers), ':status': status }, { waitForTrailers: true })
    },
    hint: (status, _message, headers) =>
      sendHint(stream, { ...grouped(headers), ':status': status }),
    proceed: () => sendHint(stream, { ':status': 100 }),
    write: (chunk) => stream.write(chunk),
    drain: (listener) => void stream.once('drain', listener),
    end(body, last = []) {
      trailers = grouped(last.flat())
      stream.end(body)
    },
    cut: () => breakOff(stream, constants.NGHTTP2_INTERNAL_ERROR),
    last: () => undefined,
    done(listener) {
      const done = once(listener)
      // Of an answer without a body, Node ends the stream before the instance's end came.
      stream.once('finish', () => trailers && done()).once('close', done)
    },
  }
}

/** Headers by lower-case name, several of one in one line: Node takes many for mistakes. Cookies cannot be joined. */
function grouped(raw: RawHeaders): OutgoingHttpHeaders {
  const groups = new Map<string, string[]>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? ''
    const group = groups.get(name)
    if (group) group.push(raw[i + 1] ?? '')
    else groups.set(name, [raw[i + 1] ?? ''])
  }
  const headers: OutgoingHttpHeaders = {}
  for (const [name, values] of groups)
    headers[name] = name === 'set-cookie' ? values : values.join(', ')
  return headers
}

/** A hint that Node does not send is none that a client would miss. */
function sendHint(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  try {
    stream.additionalHeaders(headers)
  } catch {
    // The client has gone, or HTTP/2 has no such header.
  }
}

function sendTrailers(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders): void {
  try {
    stream.sendTrailers(trailers)
  } catch {
    breakOff(stream, constants.NGHTTP2_INTERNAL_ERROR)
  }
}

const brokenOff = new WeakSet<ServerHttp2Stream>()

/** Ends a stream in the middle, by the router's own will. */
export function breakOff(stream: ServerHttp2Stream, code: number): void {
  brokenOff.add(stream)
  stream.close(code)
}

/** Whether it was the router that ended the stream in the middle. */
export function wasBrokenOff(stream: ServerHttp2Stream): boolean {
  return brokenOff.has(stream)
}

function once(listener: () => void): () => void {
  let called = false
  return () => {
    if (called) return
    called = true
    listener()
  }
}
