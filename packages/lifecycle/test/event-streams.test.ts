import { once } from 'node:events'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { Readable } from 'node:stream'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createSpread, delaysMs } from '../src/spread.ts'
import { quick, sleep, start } from './harness.ts'
import { openRaw, request } from './raw-client.ts'

const eventStream = { 'content-type': 'text/event-stream; charset=utf-8' }

describe.concurrent('a stream of server-sent events', () => {
  it('ends cleanly for each of 200 clients, and the application may go on writing', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        response.writeHead(200, eventStream)
        // Never stops: it does not look at `close`.
        const timer = setInterval(() => response.write('data: x\n\n'), 10)
        setTimeout(() => clearInterval(timer), 3_000)
      },
      { drain: { ...quick, streams: 500 } },
    )
    const clients = await Promise.all(Array.from({ length: 200 }, () => openRaw(port)))
    for (const client of clients) client.send(request())
    await Promise.all(clients.map((client) => client.sees('data: x')))
    const report = await lifecycle.shutdown()
    const ends = await Promise.all(clients.map((client) => client.closed))
    expect(new Set(ends)).toEqual(new Set(['clean']))
    expect(clients.filter((client) => client.received().endsWith('\r\n0\r\n\r\n'))).toHaveLength(
      200,
    )
    expect(report).toMatchObject({ outcome: 'clean', exitCode: 0, completed: 200, forced: 0 })
  })

  it('ends cleanly for a slow reader while the application goes on writing', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        response.writeHead(200, eventStream)
        response.write(`data: ${'x'.repeat(8 * 1024 * 1024)}\n\n`)
        const timer = setInterval(() => response.write('data: y\n\n'), 10)
        setTimeout(() => clearInterval(timer), 2_000)
      },
      { drain: { ...quick, streams: 0 } },
    )
    const client = await openRaw(port)
    client.socket.pause()
    client.send(request())
    await sleep(200)
    const stopped = lifecycle.shutdown()
    await sleep(400)
    client.socket.resume()
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(client.received()).toMatch(/\r\n0\r\n\r\n$/)
  })

  it('goes on during the notice', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        response.setHeader('Content-Type', 'text/event-stream')
        const timer = setInterval(() => response.write('data: x\n\n'), 10)
        response.once('close', () => clearInterval(timer))
      },
      { drain: { notice: 600, quiet: 50, streams: 0, deadline: '20s' } },
    )
    const client = await openRaw(port)
    client.send(request())
    await client.sees('data: x')
    const stopped = lifecycle.shutdown()
    const before = client.received().length
    await sleep(300)
    expect(client.received().length).toBeGreaterThan(before)
    expect(client.received()).not.toContain('0\r\n\r\n')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(client.received()).toMatch(/\r\n0\r\n\r\n$/)
  })

  it('that begins after the listener closed is ended as well', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        setTimeout(() => {
          response.writeHead(200, eventStream)
          response.write('data: x\n\n')
        }, 500)
      },
      { drain: { ...quick, streams: 0 } },
    )
    const client = await openRaw(port)
    client.send(request())
    await sleep(100)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(client.received()).toMatch(/data: x[^]*\r\n0\r\n\r\n$/)
  })

  it('that is piped from an endless source is ended without an error', async () => {
    const { lifecycle, port } = await start(
      (_, response) => {
        response.writeHead(200, eventStream)
        const source = Readable.from(
          (async function* tick() {
            for (;;) {
              yield 'data: x\n\n'
              await sleep(5)
            }
          })(),
        )
        response.once('close', () => source.destroy())
        source.pipe(response)
      },
      { drain: { ...quick, streams: 0 } },
    )
    const client = await openRaw(port)
    client.send(request())
    await client.sees('data: x')
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(client.received()).toMatch(/\r\n0\r\n\r\n$/)
  })

  it('over HTTP/2 ends with its last byte and without a reset', async () => {
    const server = createHttp2Server((_, response) => {
      response.writeHead(200, eventStream)
      const timer = setInterval(() => response.write('data: x\n\n'), 5)
      setTimeout(() => clearInterval(timer), 2_000)
    })
    const { lifecycle, port } = await start(() => {}, { drain: { ...quick, streams: 200 } }, server)
    const session = connect(`http://127.0.0.1:${port}`)
    const streams = [session.request(), session.request()]
    for (const stream of streams) stream.resume()
    await Promise.all(streams.map((stream) => once(stream, 'response')))
    const ends = Promise.all(streams.map((stream) => once(stream, 'end')))
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 2, forced: 0 })
    await ends
    expect(streams.map(({ rstCode }) => rstCode)).toEqual([0, 0])
  })
})

describe('a spread', () => {
  it('begins at once, keeps its order and ends within its window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ max: 60_000 }),
        (count, window) => {
          const delays = delaysMs(count, window)
          expect(delays).toHaveLength(count)
          expect(delays[0]).toBe(0)
          expect(delays).toEqual([...delays].sort((one, other) => one - other))
          expect(Math.max(...delays)).toBeLessThanOrEqual(Math.max(0, window))
        },
      ),
    )
  })
})

describe('a hastened window', () => {
  it('does at once what was left for later, and what is added from then on', async () => {
    const done: number[] = []
    const spread = createSpread(60_000)
    spread.begin()
    spread.add([1, 2, 3].map((number) => () => done.push(number)))
    await sleep(100)
    expect(done).toEqual([1])
    spread.hasten()
    expect(done).toEqual([1, 2, 3])
    spread.add([() => done.push(4)])
    await sleep(100)
    expect(done).toEqual([1, 2, 3, 4])
  })

  it('does not open before its time', async () => {
    const done: number[] = []
    const spread = createSpread(60_000)
    spread.add([1, 2].map((number) => () => done.push(number)))
    spread.hasten()
    expect(done).toEqual([])
    spread.begin()
    await sleep(100)
    expect(done).toEqual([1, 2])
  })
})
