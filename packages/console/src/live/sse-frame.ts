/** One server-sent event as it goes over the wire. JSON has no raw newline, so `data` is always one line. */
export function eventFrame(event: string, data: unknown, id?: number): Buffer {
  const head = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** A line that readers skip: keeps proxies from closing a quiet connection. */
export function commentFrame(text: string): Buffer {
  return Buffer.from(`: ${text}\n\n`)
}

/** How long a browser waits before it connects again, in milliseconds. */
export const RETRY_FRAME: Buffer = Buffer.from('retry: 1000\n\n')
