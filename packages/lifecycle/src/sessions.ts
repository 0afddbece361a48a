import { constants } from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'

import { endInPlace, isEventStreamOverHttp2 } from './event-stream.ts'
import { openStreams } from './node-internals.ts'
import type { Spread } from './spread.ts'

/** The HTTP/2 sessions of a draining server, and what becomes of each. */
export interface Sessions {
  /** Takes a session in that was open when the drain began: it is told at once. */
  readonly adopt: (session: ServerHttp2Session) => void
  /** Takes a new session in: it is told once it has sent its first request. */
  readonly enter: (session: ServerHttp2Session) => void
  /** From now on sessions without a stream are closed after the quiet period, and event streams are ended. */
  readonly dismiss: () => void
  /** Ends every session and counts the streams that were cut. */
  readonly force: () => void
  readonly counts: Readonly<{ completed: number; forced: number }>
  readonly stop: () => void
}

interface Session {
  readonly session: ServerHttp2Session
  /** Streams whose end was not seen yet. */
  readonly streams: Set<ServerHttp2Stream>
  /** Takes back that the session will be told to go away. */
  cancel: () => void
}

/** The highest id of a stream: says that the server goes away, and nothing about the streams on their way. */
const everyStream = 2 ** 31 - 1

/**
 * Nobody is known yet.
 *
 * A session is told to go away one turn of the event loop after its time came, so that requests which had arrived by then are
 * executed. What comes later is not (nghttp2 drops every stream that follows a GOAWAY), so the final GOAWAY, which tells the
 * client which of its requests were not executed and may be sent again, follows the first at once.
 */
export function createSessions(quietMs: number, spread: Spread): Sessions {
  const known = new Map<ServerHttp2Session, Session>()
  const counts = { completed: 0, forced: 0 }
  let dismissed = false

  function enter(session: ServerHttp2Session, delayMs = dismissed ? quietMs : undefined): void {
    if (known.has(session) || session.destroyed) return
    const entry: Session = { session, streams: new Set(), cancel: () => {} }
    known.set(session, entry)
    for (const stream of openStreams(session)) owe(entry, stream)
    session.prependListener('stream', (stream: ServerHttp2Stream) => {
      owe(entry, stream)
      plan(entry, 0)
    })
    session.once('close', () => {
      entry.cancel()
      known.delete(session)
    })
    if (delayMs !== undefined) plan(entry, delayMs)
  }

  function owe({ streams }: Session, stream: ServerHttp2Stream): void {
    streams.add(stream)
    stream.once('close', () => {
      if (!streams.delete(stream)) return
      if (stream.headersSent && stream.rstCode === constants.NGHTTP2_NO_ERROR) counts.completed += 1
    })
    if (dismissed) watchHead(stream, spread)
  }

  return {
    adopt: (session) => enter(session, 0),
    enter: (session) => enter(session),
    dismiss: () => {
      dismissed = true
      for (const entry of known.values()) {
        if (!entry.session.closed) plan(entry, entry.streams.size > 0 ? 0 : quietMs)
      }
      const streams = [...known.values()].flatMap((entry) => [...entry.streams])
      for (const stream of streams.filter((stream) => !stream.headersSent))
        watchHead(stream, spread)
      spread.add(streams.filter(isEventStreamOverHttp2).map((stream) => () => endInPlace(stream)))
    },
    force: () => {
      for (const { session, streams } of known.values()) {
        counts.forced += streams.size
        streams.clear()
        session.destroy()
      }
    },
    counts,
    stop: () => {
      for (const { cancel } of known.values()) cancel()
    },
  }
}

// A stream of server-sent events shows itself by its head, which may not have been sent yet.
function watchHead(stream: ServerHttp2Stream, spread: Spread): void {
  if (isEventStreamOverHttp2(stream)) spread.add([() => endInPlace(stream)])
  if (stream.headersSent || stream.destroyed) return
  const respond = stream.respond.bind(stream)
  stream.respond = (...args) => {
    respond(...args)
    watchHead(stream, spread)
  }
}

function plan(entry: Session, delayMs: number): void {
  entry.cancel()
  const tell = (): void => sendAway(entry.session)
  if (delayMs === 0) {
    const immediate = setImmediate(tell)
    entry.cancel = () => clearImmediate(immediate)
  } else {
    const timer = setTimeout(tell, delayMs)
    entry.cancel = () => clearTimeout(timer)
  }
}

function sendAway(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return
  session.goaway(constants.NGHTTP2_NO_ERROR, everyStream)
  session.close()
}
