import { connect, type Socket } from 'node:net'
import type { SocketOption } from './options.ts'
import { ReplyError } from './runtime-reply.ts'

/** What HAProxy writes when it is ready for the next command. */
const PROMPT = '\n> '
/** More than any reply: thousands of servers take a few hundred bytes each. */
const LONGEST_REPLY = 32 * 2 ** 20
/** They make HAProxy wait for more commands, and let it set variables. */
const HELLO = ['prompt', 'experimental-mode on']

/** A connection on which commands are sent. */
export interface RuntimeCall {
  readonly where: SocketOption
  /** For each reply. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Nobody took commands there, or not in time. */
export class UnreachableError extends Error {}

/** Sends commands to HAProxy. */
export type Runtime = (
  commands: readonly string[],
  signal?: AbortSignal,
) => Promise<readonly string[]>

/**
 * Sends commands at once, and gives their replies. HAProxy runs them one after another; one that fails does not stop those after
 * it: what it failed with is its reply.
 *
 * @throws UnreachableError, ReplyError, or the reason of the signal
 */
export async function callRuntime(
  call: RuntimeCall,
  commands: readonly string[],
): Promise<readonly string[]> {
  const lines = [...HELLO, ...commands]
  let replies: readonly string[] = []
  await converse(call, {
    begin: (send) => send(lines.join('\n')),
    heard({ tail, whole }) {
      if (tail !== PROMPT) return 'more'
      replies = whole().split(PROMPT).slice(0, -1)
      return replies.length < lines.length ? 'more' : 'over'
    },
    hungUp: () => new UnreachableError('it hung up before it replied to all commands'),
  })
  return replies.slice(HELLO.length)
}

/**
 * Sends one command, whose reply ends with the connection: the master's own prompt tells where it is, and is none to rely on.
 *
 * @throws UnreachableError, ReplyError, or the reason of the signal
 */
export async function callMaster(call: RuntimeCall, command: string): Promise<string> {
  let reply: (() => string) | undefined
  await converse(call, {
    begin: (send) => send(command, 'last'),
    heard({ whole }) {
      reply = whole
      return 'more'
    },
    hungUp: () => undefined,
  })
  return reply?.() ?? ''
}

type Send = (line: string, which?: 'last') => void

/** What came so far. */
interface Heard {
  /** As much of its end as a prompt is long. */
  readonly tail: string
  readonly whole: () => string
}

/** What is said on a connection, and what is made of it. */
interface Dialogue {
  readonly begin: (send: Send) => void
  readonly heard: (heard: Heard) => 'more' | 'over'
  /** What is wrong about the end of the connection; undefined where it is as it should be. */
  readonly hungUp: () => Error | undefined
}

function converse({ where, timeoutMs, signal }: RuntimeCall, dialogue: Dialogue): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = typeof where === 'string' ? connect(where) : connect(where)
    const abort = (): void => end(signal?.reason)
    const end = (problem: unknown): void => {
      signal?.removeEventListener('abort', abort)
      socket.removeAllListeners('close').destroy()
      if (problem === undefined) resolve()
      else reject(problem)
    }
    signal?.addEventListener('abort', abort, { once: true })
    socket.setEncoding('utf8').setTimeout(timeoutMs)
    socket.on('timeout', () => end(new UnreachableError(`no reply came in ${timeoutMs} ms`)))
    socket.on('error', (error) => end(new UnreachableError(error.message, { cause: error })))
    socket.on('close', () => end(dialogue.hungUp()))
    listen(socket, dialogue, end)
  })
}

function listen(socket: Socket, dialogue: Dialogue, end: (problem?: unknown) => void): void {
  const parts: string[] = []
  let [tail, size] = ['', 0]
  const send: Send = (line, which) => {
    if (which === 'last') socket.end(`${line}\n`)
    else socket.write(`${line}\n`)
  }
  socket.on('connect', () => dialogue.begin(send))
  socket.on('data', (part: string) => {
    parts.push(part)
    size += part.length
    tail = `${tail}${part}`.slice(-PROMPT.length)
    if (size > LONGEST_REPLY) return end(new ReplyError('a reply never ended'))
    if (dialogue.heard({ tail, whole: () => parts.join('') }) === 'over') return end()
    return undefined
  })
}
