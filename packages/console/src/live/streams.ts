import type { ServerResponse } from 'node:http'
import { consoleError } from '../console-error.ts'
import { type EventStream, openEventStream, type StreamListeners } from './event-stream.ts'
import { commentFrame } from './sse-frame.ts'

/** Every stream that is open: counted, kept alive, and cut where nobody reads. */
export interface Streams {
  /** @throws ConsoleError `CHANGEOVER_CONSOLE_WATCHERS` where there are as many as there may be */
  assertRoom(): void
  open(response: ServerResponse, listeners: StreamListeners): EventStream
  /** Ends all of them, behind what was written; those that take nothing are cut. */
  close(): Promise<void>
}

export interface StreamsOptions {
  readonly maxWatchers: number
  /** Time between two comments, in milliseconds. @default 15_000 */
  readonly keepAliveMs?: number
  /** How long a connection may take nothing, in milliseconds. @default 30_000 */
  readonly stallMs?: number
  readonly now: () => number
}

/** How long a stream may take to end, in milliseconds. */
const END_MS = 1_000

export function createStreams(options: StreamsOptions): Streams {
  const { maxWatchers, keepAliveMs = 15_000, stallMs = 30_000, now } = options
  /** With what resolves when it is gone. */
  const streams = new Map<EventStream, Promise<void>>()
  let ticking: NodeJS.Timeout | undefined

  function tick(): void {
    const frame = commentFrame('still here')
    for (const stream of streams.keys()) {
      const since = stream.blockedSince()
      // It has had its chance; what it missed it gets when it comes back.
      if (since !== undefined && now() - since >= stallMs) stream.cut()
      else if (since === undefined) stream.write(frame)
    }
  }

  function forget(stream: EventStream): void {
    streams.delete(stream)
    if (streams.size > 0) return
    clearInterval(ticking)
    ticking = undefined
  }

  return {
    assertRoom() {
      if (streams.size >= maxWatchers)
        throw consoleError('CHANGEOVER_CONSOLE_WATCHERS', { limit: maxWatchers })
    },
    open(response, { onDrain, onClose }) {
      ticking ??= setInterval(tick, keepAliveMs)
      const gone = new Promise<void>((resolve) => {
        response.once('close', () => resolve())
      })
      const stream = openEventStream(
        response,
        {
          onDrain,
          onClose() {
            forget(stream)
            onClose()
          },
        },
        now,
      )
      streams.set(stream, gone)
      return stream
    },
    async close() {
      const gone = Promise.all(streams.values())
      for (const stream of streams.keys()) stream.end(commentFrame('the console is closing'))
      const timer = setTimeout(() => {
        for (const stream of streams.keys()) stream.cut()
      }, END_MS)
      await gone
      clearTimeout(timer)
    },
  }
}
