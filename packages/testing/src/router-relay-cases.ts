import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { RecordedRequest } from './recorded-request.ts'
import { finish, type WireAnswering } from './recording-backend.ts'
import { onTraffic, type RouterCase } from './router-bench.ts'
import { answerText, text, type Wire, wireCase } from './router-wire.ts'

/** Time in which a router passes on what it does not hold back. */
const MOMENT_MS = 150
/** Far longer than an answer with a hint takes. */
const HINT_MS = 3_000

/** What an HTTP/1.1 proxy owes to both sides. */
export const relayCases: readonly RouterCase[] = onTraffic([
  wireCase(
    'request-connection-headers',
    'what a client says about its connection stays with it, and so does what Connection names',
    async (wire) => {
      const own = ['Keep-Alive: 7', 'Proxy-Connection: x', 'TE: deflate', 'X-Drop: 1', 'X-Keep: 1']
      await exchange(wire, 'GET /own HTTP/1.1', [...own, 'Connection: close, X-Drop'])
      const { fields } = sure(wire.got('/own'))
      const names = new Set(fields.map(([name]) => name.toLowerCase()))
      const leaked = ['keep-alive', 'proxy-connection', 'te', 'x-drop'].filter((name) =>
        names.has(name),
      )
      assert.deepEqual([leaked, names.has('x-keep')], [[], true])
    },
  ),
  wireCase(
    'answer-connection-headers',
    'what an instance says about its connection stays with it, and so does what Connection names',
    async (wire) => {
      const answer = await exchange(wire, 'GET / HTTP/1.1', ['Connection: close'])
      assert.match(answer, /\r\nX-Keep: 1\r\n/i)
      assert.doesNotMatch(answer, /\r\n(?:X-Secret|Proxy-Connection|Keep-Alive: timeout=77)/i)
    },
    answering(
      answerText('well', [
        'X-Secret: 1',
        'X-Keep: 1',
        'Proxy-Connection: x',
        'Keep-Alive: timeout=77',
        'Connection: X-Secret',
      ]),
    ),
  ),
  wireCase(
    'forwarded-for',
    'where a client says that it came from somewhere else, the instance is not told so',
    async (wire) => {
      const spoofed = ['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6']
      await exchange(wire, 'GET /from HTTP/1.1', [...spoofed, 'Connection: close'])
      assert.doesNotMatch(sure(wire.got('/from')).head, /6\.6\.6\.6/)
    },
  ),
  wireCase(
    'expect-continue',
    'a client that waits for 100 Continue is told once to go on, and its body arrives',
    async (wire) => {
      const connection = wire.open()
      const fields = ['Expect: 100-continue', 'Content-Length: 5', 'Connection: close']
      connection.write(wire.request('POST /expected HTTP/1.1', fields))
      const told = wire.patience.soon('it is told', connection.until(/^HTTP\/1\.1 \d+ /))
      assert.match(await told, /^HTTP\/1\.1 100 /)
      connection.write('hello')
      const answer = await wire.patience.soon('it is answered', connection.ended())
      assert.match(answer, /HTTP\/1\.1 200 /)
      assert.equal(answer.split('HTTP/1.1 100 ').length - 1, 1, 'told once')
      assert.equal(sure(wire.got('/expected')).body, 'hello')
    },
  ),
  wireCase(
    'early-hints',
    'an answer with status 103 comes before the one that it announces',
    async ({ open, request }) => {
      const connection = open()
      connection.write(request('GET / HTTP/1.1', ['Connection: close']))
      // Routers that do not know the status wait for good.
      await Promise.race([connection.ended(), delay(HINT_MS, undefined, { ref: false })])
      const order = /^HTTP\/1\.1 103 [^]*Link: <\/a>[^]*HTTP\/1\.1 200 [^]*well$/i
      assert.match(connection.text(), order)
    },
    async (request, socket) => {
      socket.write(text('HTTP/1.1 103 Early Hints', ['Link: </a>']))
      await delay(MOMENT_MS)
      finish(socket, request, answerText('well'))
    },
  ),
  wireCase('request-trailers', 'the trailers of a request arrive', async (wire) => {
    const fields = ['Transfer-Encoding: chunked', 'Trailer: X-Sum', 'Connection: close']
    await exchange(wire, 'POST /sum HTTP/1.1', fields, '5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n')
    const { body, trailers } = sure(wire.got('/sum'))
    assert.equal(body, 'hello')
    assert.match(trailers, /^X-Sum: 7\r\n$/i)
  }),
  wireCase(
    'answer-trailers',
    'the trailers of an answer arrive',
    async (wire) => {
      const fields = ['TE: trailers', 'Connection: close, TE']
      assert.match(await exchange(wire, 'GET / HTTP/1.1', fields), /\r\nX-Sum: 7\r\n/i)
    },
    answering(
      text('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked', 'Trailer: X-Sum']) +
        '4\r\nwell\r\n0\r\nX-Sum: 7\r\n\r\n',
    ),
  ),
  wireCase(
    'bodiless-answers',
    'answers without a body end with their heads, whatever length they name, and the next one is its own',
    async ({ open, request, patience }) => {
      const connection = open()
      const seen: string[] = []
      for (const line of ['HEAD /head', 'GET /304', 'GET /204', 'GET /last']) {
        const before = connection.text().length
        connection.write(request(`${line} HTTP/1.1`, ['If-None-Match: "a"']))
        await patience.soon(`${line} is answered`, connection.until(/\r\n\r\n[^]*$/, before))
        await delay(MOMENT_MS / 3)
        const [head = '', ...body] = connection.text().slice(before).split('\r\n\r\n')
        seen.push(`${head.split(' ')[1]}: ${body.join('')}`)
      }
      assert.deepEqual(seen, ['200: ', '304: ', '204: ', '200: well'])
    },
    ({ method, target }, socket) => {
      if (method === 'HEAD') socket.write(text('HTTP/1.1 200 OK', ['Content-Length: 1000']))
      else if (target.endsWith('304'))
        socket.write(text('HTTP/1.1 304 Not Modified', ['ETag: "a"', 'Content-Length: 1000']))
      else if (target.endsWith('204')) socket.write(text('HTTP/1.1 204 No Content', ['X-A: b']))
      else socket.write(answerText('well'))
    },
  ),
  wireCase(
    'chunked-request',
    'a body that comes in chunks and a byte at a time arrives whole',
    async (wire) => {
      const connection = wire.open()
      const fields = ['Transfer-Encoding: chunked', 'Connection: close']
      const body = '5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n'
      for (const byte of wire.request('POST /bytes HTTP/1.1', fields, body)) connection.write(byte)
      const answer = await wire.patience.soon('it is answered', connection.ended())
      assert.match(answer, /^HTTP\/1\.1 200 /)
      assert.equal(sure(wire.got('/bytes')).body, 'hello world')
    },
  ),
  wireCase(
    'pipelining',
    'requests that are sent before the answers to the ones before are answered in their order',
    async ({ open, request, patience }) => {
      const connection = open()
      const paths = ['/slow', '/next', '/last']
      connection.write(paths.map((path) => request(`GET ${path} HTTP/1.1`)).join(''))
      const answers = await patience.soon('all are answered', connection.until(/=\/last/))
      assert.deepEqual(
        answers.match(/=\/(?:slow|next|last)/g),
        paths.map((path) => `=${path}`),
      )
    },
    async (request, socket) => {
      if (request.target === '/slow') await delay(MOMENT_MS)
      finish(socket, request, answerText(`=${request.target}`))
    },
  ),
  wireCase(
    'http-1.0',
    'a client of HTTP/1.0 gets an answer that it can read, and the connection is closed after it',
    async (wire) => {
      const answer = await exchange(wire, 'GET / HTTP/1.0', [])
      assert.match(answer, /^HTTP\/1\.[01] 200 [^]*\r\n\r\nwell$/)
      assert.doesNotMatch(answer, /transfer-encoding/i)
    },
    answering(text('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']) + '4\r\nwell\r\n0\r\n\r\n'),
  ),
  wireCase(
    'half-close',
    'a client that has ended its half of the connection gets its answer whole or none, and never another one',
    async (wire) => {
      const connection = wire.open()
      connection.write(wire.request('GET / HTTP/1.1'))
      connection.socket.end()
      const answer = await wire.patience.soon('the connection ends', connection.ended())
      const whole = /^HTTP\/1\.1 200 [^]*\r\n\r\nwell$/.test(answer)
      assert.match(answer, whole ? /well$/ : /^$|^HTTP\/1\.[01] [45]\d\d /)
      wire.note({ answer: whole ? 'whole' : 'none' })
    },
    async (request, socket) => {
      await delay(MOMENT_MS)
      finish(socket, request, answerText('well'))
    },
  ),
])

function answering(bytes: string): WireAnswering {
  return (request, socket) => finish(socket, request, bytes)
}

/** Sends one request on a connection of its own; all that comes back until that is closed. */
async function exchange(
  wire: Wire,
  line: string,
  fields: readonly string[],
  body?: string,
): Promise<string> {
  const connection = wire.open()
  connection.write(wire.request(line, fields, body))
  return wire.patience.soon('the connection ends', connection.ended())
}

function sure(request: RecordedRequest | undefined): RecordedRequest {
  assert.ok(request, 'the request reached the instance')
  return request
}
