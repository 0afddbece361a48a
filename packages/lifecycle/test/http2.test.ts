import { once } from 'node:events'
import { connect, constants, createServer, createSecureServer } from 'node:http2'
import type { ClientHttp2Session, ServerHttp2Stream } from 'node:http2'

import { describe, expect, it } from 'vitest'

import type { LifecycleOptions } from '../src/index.ts'
import { certificate, quick, sleep, start } from './harness.ts'
import type { Harness } from './harness.ts'
import { openFrames } from './frame-client.ts'
import { openTls, request } from './raw-client.ts'

type StreamListener = (stream: ServerHttp2Stream, path: string) => void

const kinds = [
  ['h2c', 'http'],
  ['TLS', 'https'],
] as const
type Scheme = (typeof kinds)[number][1]

async function startHttp2(
  scheme: Scheme,
  onStream: StreamListener,
  options: LifecycleOptions = {},
): Promise<Harness> {
  const server = scheme === 'http' ? createServer() : createSecureServer(certificate())
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, String(headers[':path']))
  })
  return start(() => {}, options, server)
}

interface Client {
  readonly session: ClientHttp2Session
  /** Codes and last stream ids of the GOAWAYs that came. */
  readonly goaways: [number, number][]
}

async function openSession(scheme: Scheme, port: number): Promise<Client> {
  const session = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  const goaways: [number, number][] = []
  session.on('goaway', (code, lastStreamId) => goaways.push([code, lastStreamId]))
  await once(session, 'connect')
  await once(session, 'remoteSettings')
  return { session, goaways }
}

/** The body of the answer, or the name of what went wrong. */
async function ask({ session }: Client, path = '/'): Promise<string> {
  try {
    const stream = session.request({ ':path': path })
    stream.setEncoding('utf8')
    let body = ''
    stream.on('data', (chunk: string) => (body += chunk))
    await once(stream, 'end')
    return stream.rstCode === constants.NGHTTP2_NO_ERROR ? body : `reset ${stream.rstCode}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).message
  }
}

describe.concurrent.each(kinds)('an HTTP/2 server over %s', (_, scheme) => {
  it('lets streams in flight end, tells every session GOAWAY and exits after them', async () => {
    const { lifecycle, port } = await startHttp2(scheme, (stream) => {
      setTimeout(() => {
        stream.respond({ ':status': 200 })
        stream.end('slow')
      }, 600)
    })
    const client = await openSession(scheme, port)
    const idle = await openSession(scheme, port)
    const asked = [ask(client), ask(client), ask(client)]
    await sleep(150)
    const report = await lifecycle.shutdown()
    expect(await Promise.all(asked)).toEqual(['slow', 'slow', 'slow'])
    expect(report).toMatchObject({ outcome: 'clean', exitCode: 0, completed: 3, forced: 0 })
    expect(client.goaways[0]).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
    expect(idle.goaways[0]).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
  })

  it('tells GOAWAY when the drain begins, not when the notice ends', async () => {
    const { lifecycle, port } = await startHttp2(scheme, () => {}, {
      drain: { notice: 60_000, quiet: 50, deadline: 120_000 },
      secondSignal: 'hasten',
    })
    const client = await openSession(scheme, port)
    void lifecycle.shutdown()
    await once(client.session, 'close')
    expect(client.goaways[0]).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
    expect(lifecycle.state).toBe('draining')
  })

  it('executes what had arrived, and nothing that it does not answer', async () => {
    let executed = 0
    const { lifecycle, port } = await startHttp2(scheme, (stream) => {
      executed += 1
      setTimeout(() => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      }, 5)
    })
    const clients = await Promise.all(Array.from({ length: 20 }, () => openSession(scheme, port)))
    const answers: Promise<string>[] = []
    const asking = setInterval(() => {
      for (const client of clients) answers.push(ask(client))
    }, 3)
    await sleep(300)
    const stopped = lifecycle.shutdown()
    await sleep(300)
    clearInterval(asking)
    const outcomes = await Promise.all(answers)
    const refusals = outcomes.filter((outcome) => outcome !== 'ok')
    expect(outcomes.length - refusals.length).toBe(executed)
    expect(refusals.length).toBeGreaterThan(0)
    expect(refusals.filter((refusal) => !isRetryable(refusal))).toEqual([])
    expect(await stopped).toMatchObject({ outcome: 'clean', forced: 0 })
  })

  it('delivers 8 MB that were ended before the drain to a slow reader', async () => {
    const size = 8 * 1024 * 1024
    const { lifecycle, port } = await startHttp2(scheme, (stream) => {
      stream.respond({ ':status': 200 })
      stream.end(Buffer.alloc(size, 'x'))
    })
    const client = await openSession(scheme, port)
    const stream = client.session.request()
    await once(stream, 'response')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(300)
    let received = 0
    stream.on('data', (chunk: Buffer) => (received += chunk.length))
    await once(stream, 'end')
    expect(received).toBe(size)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('lets an upload go on', async () => {
    const { lifecycle, port } = await startHttp2(scheme, (stream) => {
      let size = 0
      stream.on('data', (chunk: Buffer) => (size += chunk.length))
      stream.on('end', () => {
        stream.respond({ ':status': 200 })
        stream.end(`got ${size}`)
      })
    })
    const client = await openSession(scheme, port)
    const stream = client.session.request({ ':method': 'POST' })
    stream.setEncoding('utf8').write('0123456789')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(300)
    stream.end('0123456789')
    expect(await stream.toArray()).toEqual(['got 20'])
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('serves sessions that open during the notice, and tells them after their first requests', async () => {
    const { lifecycle, port } = await startHttp2(
      scheme,
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      },
      { drain: { notice: 800, quiet: 50, deadline: '20s' } },
    )
    const stopped = lifecycle.shutdown()
    const [silent, busy] = [await openSession(scheme, port), await openSession(scheme, port)]
    expect(await Promise.all([ask(busy), ask(busy)])).toEqual(['ok', 'ok'])
    await once(busy.session, 'close')
    expect(busy.goaways[0]).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
    expect(silent.goaways).toHaveLength(0)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2 })
    expect(silent.goaways[0]).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
  })

  it('destroys what is left at the deadline and counts each stream', async () => {
    const { lifecycle, port } = await startHttp2(
      scheme,
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('begin')
      },
      { drain: { notice: 0, quiet: 0, deadline: 400 } },
    )
    const client = await openSession(scheme, port)
    const streams = [client.session.request(), client.session.request()]
    for (const stream of streams) stream.on('error', () => {})
    await Promise.all(streams.map((stream) => once(stream, 'data')))
    expect(await lifecycle.shutdown()).toMatchObject({
      outcome: 'forced',
      exitCode: 70,
      forced: 2,
      completed: 0,
    })
    expect(client.session.destroyed || (await once(client.session, 'close'))).toBeTruthy()
  })
})

function isRetryable(refusal: string): boolean {
  return /REFUSED_STREAM|GOAWAY|session has been destroyed|pending stream has been canceled/.test(
    refusal,
  )
}

describe.concurrent('an HTTP/2 connection', () => {
  it('that never says a word does not hold up the drain', async () => {
    const { lifecycle, port } = await startHttp2('http', () => {}, {
      drain: { ...quick, deadline: 60_000 },
    })
    const silent = await openFrames(port, { allowHalfOpen: true, silent: true })
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', forced: 0 })
    silent.socket.destroy()
  })

  it('that goes on after GOAWAY has none of its requests executed, and is told which', async () => {
    const executed: number[] = []
    const { lifecycle, port } = await startHttp2('http', (stream) => {
      executed.push(Number(stream.id))
      setTimeout(() => {
        stream.respond({ ':status': 200 })
        stream.end('ok')
      }, 400)
    })
    const client = await openFrames(port)
    client.ask(1)
    await client.sees('settings')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await client.sees('goaway', 2)
    client.ask(3)
    await client.ended
    client.socket.end()
    expect(executed).toEqual([1])
    expect(client.goaways().slice(0, 2)).toEqual([2 ** 31 - 1, 1])
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })
})

describe.concurrent('a server with allowHTTP1', () => {
  it('drains both protocols side by side', async () => {
    const server = createSecureServer({ ...certificate(), allowHTTP1: true }, (_, response) => {
      setTimeout(() => response.end('slow'), 600)
    })
    const { lifecycle, port } = await start(() => {}, {}, server)
    const modern = await openSession('https', port)
    const asked = ask(modern)
    const old = await openTls({ port, ALPNProtocols: ['http/1.1'] })
    old.send(request())
    await sleep(200)
    const stopped = lifecycle.shutdown()
    await old.sees('slow')
    expect(old.received()).toMatch(/Connection: close\r\n[^]*slow/)
    expect(await asked).toBe('slow')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2, forced: 0 })
  })
})

describe('after the drain of an HTTP/2 server', () => {
  it('no timer or socket of it is left', async () => {
    const settle = async (): Promise<string[]> => {
      await sleep(300)
      return process.getActiveResourcesInfo().sort()
    }
    const before = await settle()
    const server = createSecureServer({ ...certificate(), allowHTTP1: true }, (_, response) => {
      response.end('ok')
    })
    const { lifecycle, port } = await start(() => {}, {}, server)
    const client = await openSession('https', port)
    expect(await ask(client)).toBe('ok')
    await lifecycle.shutdown()
    expect(await settle()).toEqual(before)
    expect(server.listening).toBe(false)
  })
})
