import { readPlainRequest } from './plain-request.ts'
import type { WireClient } from './wire-client.ts'

/** Beyond this nobody pipelines who wants to be answered. */
const MAX_WAITING = 100

/** What is kept of requests behind the one that is answered, before their client has to wait. */
const MAX_PENDING_BYTES = 65_536

/** Keeps bytes behind the request that is being answered. Cuts a client that sends request upon request. */
export function awaitTurn(client: WireClient, chunk: Buffer): void {
  const { socket, pending } = client
  client.pending = pending ? Buffer.concat([pending, chunk]) : chunk
  countWaiting(client, client.pending)
  if (client.waiting > MAX_WAITING) socket.destroy()
  else if (client.pending.length > MAX_PENDING_BYTES) socket.pause()
}

function countWaiting(client: WireClient, bytes: Buffer): void {
  const { headBytes } = client.service.context
  while (client.waitingTo < bytes.length && client.waiting <= MAX_WAITING) {
    const text = bytes.toString('latin1', client.waitingTo, client.waitingTo + headBytes)
    const end = text.indexOf('\r\n\r\n')
    const request = end < 0 ? undefined : readPlainRequest(text, end)
    if (!request) return
    client.waiting += 1
    client.waitingTo += end + 4 + request.bodyBytes
  }
}
