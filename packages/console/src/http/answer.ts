import type { ServerResponse } from 'node:http'
import type { Actor } from '../access/access.ts'

/** What an endpoint answers. */
export interface Answer {
  readonly status: number
  /** Sent as JSON; nothing is sent where it is left out. */
  readonly body?: unknown
  /** Sent as plain text. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Who came in by this very request; not sent. */
  readonly actor?: Actor
}

/** The endpoint answers by itself, with a stream. */
export const STREAMING = 'streaming'

/** Sends an answer, unless one has begun or nobody is there any more. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { status, body, text, headers = {} } = answer
  const type = text === undefined ? 'application/json' : 'text/plain'
  const content = text ?? (body === undefined ? undefined : `${JSON.stringify(body)}\n`)
  response.writeHead(status, {
    'cache-control': 'no-store',
    ...(content === undefined
      ? {}
      : {
          'content-type': `${type}; charset=utf-8`,
          'content-length': String(Buffer.byteLength(content)),
        }),
    ...headers,
  })
  response.end(content)
}
