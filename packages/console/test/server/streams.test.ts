import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { EventStream } from '../../src/live/event-stream.ts'
import { createStreams, type Streams } from '../../src/live/streams.ts'
import { watchEvents } from './watch-events.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

it('keeps a quiet connection open with comments', async () => {
  const { url } = await serve(createStreams({ maxWatchers: 10, keepAliveMs: 20, now: Date.now }))
  const { response, comments } = await watchEvents(url, { token: '' })
  while (comments.length < 3) await new Promise((resolve) => response.once('data', resolve))
  expect(comments).toEqual(comments.map(() => 'still here'))
})

it('cuts a connection that takes nothing for long, and holds no more for it than was written at once', async () => {
  const streams = createStreams({ maxWatchers: 10, keepAliveMs: 50, stallMs: 100, now: Date.now })
  const { url, opened } = await serve(streams)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.pause().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const { stream, gone } = await opened
  const frame = Buffer.alloc(64 * 1024, 'x')
  while (stream.writable()) {
    stream.write(frame)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(stream.blockedSince()).toBeGreaterThan(0)
  await gone
  expect(stream.writable()).toBe(false)
  socket.destroy()
})

it('ends a stream that takes nothing within about a second of being closed', async () => {
  const streams = createStreams({ maxWatchers: 10, now: Date.now })
  const { url, opened } = await serve(streams)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.pause().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const { stream, gone } = await opened
  const frame = Buffer.alloc(64 * 1024, 'x')
  while (stream.writable()) stream.write(frame)
  await streams.close()
  await gone
  expect(stream.blockedSince()).toBeGreaterThan(0)
  socket.destroy()
})

interface Opened {
  readonly stream: EventStream
  readonly gone: Promise<void>
}

async function serve(streams: Streams): Promise<{ url: string; opened: Promise<Opened> }> {
  let tell: (opened: Opened) => void
  const opened = new Promise<Opened>((resolve) => {
    tell = resolve
  })
  const server = createServer((_, response) => {
    const gone = new Promise<void>((resolve) => {
      const stream = streams.open(response, { onDrain: () => undefined, onClose: resolve })
      setImmediate(() => tell({ stream, gone }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () => streams.close(),
    () => new Promise((resolve) => server.close(resolve)),
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, opened }
}
