import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { onAbort } from '@changeover/engine'
import type { AdminEndpoint, Settings } from './options.ts'

/** One call of the admin endpoint. */
export interface AdminCall {
  readonly method: 'GET' | 'PATCH' | 'PUT'
  readonly path: string
  /** JSON. */
  readonly body?: string
  /** The change is made only if what it names still has this ETag. */
  readonly ifMatch?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What became of a call. `unreachable`: nothing was sent. `cut`: it was sent, and the answer broke off;
 * `late`: it was sent, and no whole answer came in time. */
export type AdminReply =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly etag: string | undefined
    }
  | { readonly kind: 'unreachable' | 'cut' | 'late'; readonly problem: string }

/** The admin endpoint of one Caddy. */
export type Admin = (call: AdminCall) => Promise<AdminReply>

const LARGEST_ANSWER = 64 * 2 ** 20
/** Reading is repeated where the connection broke: a reload that somebody else makes closes those to the endpoint too. */
const READS = 3

/**
 * Calls are made on connections of their own, since Caddy closes the others at each change. Throws the signal's reason when that
 * aborts, and nothing else.
 */
export function adminEndpoint(
  settings: Pick<Settings, 'endpoint' | 'origin' | 'timeoutMs'>,
): Admin {
  return async (call) => {
    for (let read = 1; ; read += 1) {
      call.signal?.throwIfAborted()
      const reply = await exchange(settings, call)
      call.signal?.throwIfAborted()
      const again = reply.kind === 'cut' && call.method === 'GET' && read < READS
      if (!again) return reply
    }
  }
}

function exchange(
  { endpoint, origin, timeoutMs }: Pick<Settings, 'endpoint' | 'origin' | 'timeoutMs'>,
  { method, path, body, ifMatch, signal }: AdminCall,
): Promise<AdminReply> {
  const headers = {
    ...hostOf(endpoint),
    ...(origin === undefined ? {} : { origin }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
  }
  const setHost = !('socketPath' in endpoint)
  const sent = request({ ...endpoint, method, path, headers, setHost, agent: false })
  return ended(sent, { body, timeoutMs, signal })
}

/** Through a socket there is no name to ask for, and Caddy refuses any. */
function hostOf(endpoint: AdminEndpoint): { host?: string } {
  return 'socketPath' in endpoint ? { host: '' } : {}
}

interface Sending extends Pick<AdminCall, 'signal'> {
  readonly body: string | undefined
  readonly timeoutMs: number
}

function ended(sent: ClientRequest, { body, timeoutMs, signal }: Sending): Promise<AdminReply> {
  return new Promise((resolve) => {
    const stop = (): void => settle({ kind: 'cut', problem: 'broken off' })
    const timer = setTimeout(
      () => settle({ kind: 'late', problem: 'no answer in time' }),
      timeoutMs,
    )
    const settle = (reply: AdminReply): void => {
      clearTimeout(timer)
      forget()
      resolve(reply)
      sent.destroy()
    }
    const forget = onAbort(signal, stop)
    sent.on('error', (error) => settle(failure(error)))
    sent.on('response', (answer) => readAnswer(answer, settle))
    sent.end(body)
  })
}

function readAnswer(answer: IncomingMessage, settle: (reply: AdminReply) => void): void {
  const parts: Buffer[] = []
  let size = 0
  answer.on('data', (part: Buffer) => {
    parts.push(part)
    size += part.length
    if (size > LARGEST_ANSWER) settle({ kind: 'cut', problem: 'the answer is too large' })
  })
  answer.on('error', (error) => settle({ kind: 'cut', problem: error.message }))
  answer.on('end', () => {
    const { statusCode: status = 0, headers, trailers } = answer
    // Caddy sends the ETag behind the body.
    const etag = trailers['etag'] ?? headers.etag
    settle({ kind: 'answer', status, body: Buffer.concat(parts).toString(), etag })
  })
}

function failure(error: NodeJS.ErrnoException): AdminReply {
  const { syscall = '', code, message } = error
  // A name with several addresses fails with one AggregateError for all of them.
  const unsent = error instanceof AggregateError || ['connect', 'getaddrinfo'].includes(syscall)
  return {
    kind: unsent ? 'unreachable' : 'cut',
    problem: message === '' ? (code ?? 'failed') : message,
  }
}
