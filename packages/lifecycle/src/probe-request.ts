import type { IncomingMessage } from 'node:http'

/** Who asks, for a function that decides who sees details. */
export interface ProbeRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Missing for fetch-style frameworks, which do not tell. */
  readonly remoteAddress?: string | undefined
}

/** A request of `node:http` as plain data, which another thread can read too. */
export function describeRequest(request: IncomingMessage): ProbeRequest {
  const { method = '', url = '', headers, socket } = request
  const single = Object.entries(headers).map(([name, value]) => [name, String(value)])
  const { remoteAddress } = socket
  return { method, target: url, headers: Object.fromEntries(single), remoteAddress }
}
