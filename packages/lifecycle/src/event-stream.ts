import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

import { sentHeadOf } from './node-internals.ts'

const eventStream = /^\s*text\/event-stream\b/i
const eventStreamHead = /^content-type:\s*text\/event-stream\b/im

/** Whether a response is one of server-sent events, which never ends by itself. */
export function isEventStream(response: ServerResponse): boolean {
  const head = sentHeadOf(response)
  return head !== undefined && eventStreamHead.test(head)
}

/** The same for a stream of HTTP/2. */
export function isEventStreamOverHttp2({ sentHeaders }: ServerHttp2Stream): boolean {
  // Missing, against its type, until the head is sent.
  const headers: OutgoingHttpHeaders | undefined = sentHeaders
  return eventStream.test(String(headers?.['content-type'] ?? ''))
}

/** What a response of HTTP/1.1 and a stream of HTTP/2 have in common. */
interface Endless {
  end: () => unknown
  write: unknown
}

/**
 * Ends a response in the application's place. The application does not know and may go on writing until it sees `close`; what it
 * writes is dropped, since an error for it would reset the connection or end the process.
 */
export function endInPlace(response: Endless): void {
  response.end()
  response.write = drop
  response.end = () => response
}

function drop(...args: unknown[]): boolean {
  const done = args.at(-1)
  if (typeof done === 'function') process.nextTick(done)
  return false
}
