import { connect, type Socket } from 'node:net'
import { type AnswerReader, answerReader, type Reading, type WireHead } from './wire-answer.ts'
import { answerOutcome, brokenOutcome, type Exchange, type WireOutcome } from './wire-exchange.ts'

/** What to send. */
export interface WireRequest {
  /** @default 'GET' */
  readonly method?: string
  /** @default '/' */
  readonly path?: string
  /** Beside Host, and Content-Length where there is a body. */
  readonly headers?: Readonly<Record<string, string>>
  /** Byte for character. */
  readonly body?: string
}

/** How to wait for the answer. */
export interface WireWait {
  readonly timeoutMs: number
  /** Aborting it cuts the connection, as a client does that has lost interest. */
  readonly signal?: AbortSignal | undefined
  /** Called when the head has come, before the body has. */
  readonly onHead?: ((head: WireHead) => void) | undefined
}

/** One connection, which carries one request at a time. */
export interface WireConnection {
  ask(request: WireRequest, wait: WireWait): Promise<Exchange>
  /** Whether it can carry another request. */
  readonly usable: boolean
  /** The connection itself and what came on it already, after an answer with status 101. */
  readonly upgraded: UpgradedConnection | undefined
  close(): void
}

/** A connection that carries no HTTP any more. It is paused. */
export interface UpgradedConnection {
  readonly socket: Socket
  /** What came on it already. */
  readonly first: Buffer
}

/** Where to connect to. */
export interface WireTarget {
  readonly host: string
  readonly port: number
}

/** How a request ended: what an exchange is made of. */
interface End {
  readonly outcome: WireOutcome
  readonly problem: string
  readonly reading: Reading
}

/** Who listens to the connection: a request, or nobody. */
interface Listener {
  readonly heard: (bytes: Buffer) => void
  readonly lost: (problem: string) => void
}

const GIVEN_UP = { outcome: 'timeout', reading: { state: 'nothing' } } as const

/** Opens a connection. It is the `number`th of its client. */
export function wireConnection(target: WireTarget, number: number): WireConnection {
  const openedAt = performance.now()
  const socket = connect(target)
  // What comes unasked belongs to no request: such a connection is not used again.
  const nobody: Listener = { heard: close, lost: () => undefined }
  let listener = nobody
  let connected = false
  let usable = false
  let turn = 0
  let upgraded: UpgradedConnection | undefined

  function close(): void {
    usable = false
    socket.destroy()
  }
  watch(socket, {
    opened: () => (connected = true),
    heard: (bytes) => listener.heard(bytes),
    lost(problem) {
      if (!upgraded) close()
      listener.lost(problem)
    },
  })

  /** Leaves the connection to the next request, to whoever speaks another protocol, or to nobody. */
  function handOver(reading: Reading, beyond: Buffer): void {
    listener = nobody
    if (reading.state !== 'whole') return close()
    usable = reading.reusable
    if (reading.answer.status !== 101) return usable ? undefined : close()
    socket.pause().removeAllListeners('data')
    upgraded = { socket, first: beyond }
  }

  function ask(request: WireRequest, wait: WireWait): Promise<Exchange> {
    const startedAt = turn === 0 ? openedAt : performance.now()
    turn += 1
    usable = false
    return new Promise((resolve) => {
      const reader = answerReader(request.method ?? 'GET')
      const finish = ({ outcome, problem, reading }: End): void => {
        stopWaiting()
        handOver(reading, reader.beyond)
        const answer = reading.state === 'whole' ? reading.answer : undefined
        const endedAt = performance.now()
        resolve({ outcome, startedAt, endedAt, connection: number, turn, answer, problem })
      }
      const giveUp = (problem: string): void => finish({ ...GIVEN_UP, problem })
      const stopWaiting = limited(wait, giveUp)
      listener = listenerOf(reader, wait, finish, () => ({ connected, turn }))
      if (!wait.signal?.aborted) socket.write(requestText(request, target), 'latin1')
    })
  }

  return {
    ask,
    get usable() {
      return usable
    },
    get upgraded() {
      return upgraded
    },
    close,
  }
}

function watch(
  socket: Socket,
  { opened, heard, lost }: Listener & { readonly opened: () => void },
): void {
  socket.setNoDelay(true)
  socket.on('connect', opened)
  socket.on('data', heard)
  socket.on('error', (error) => lost(error.message || String(error)))
  for (const event of ['end', 'close'] as const)
    socket.on(event, () => lost('the connection was closed'))
}

/** What a request makes of bytes, and of the end of its connection. */
function listenerOf(
  reader: AnswerReader,
  { onHead }: WireWait,
  finish: (end: End) => void,
  carrier: () => { readonly connected: boolean; readonly turn: number },
): Listener {
  let announced = false
  return {
    heard(bytes) {
      const reading = reader.push(bytes)
      if (reader.head && !announced) onHead?.(reader.head)
      announced = reader.head !== undefined
      const end = endOf(reading)
      if (end) finish(end)
    },
    lost(problem) {
      const reading = reader.end()
      const outcome = brokenOutcome(reading, carrier())
      finish({ outcome, problem: outcome === 'ok' ? '' : problem, reading })
    },
  }
}

/** How an exchange ends by what was read, if it does. */
function endOf(reading: Reading): End | undefined {
  if (reading.state === 'malformed')
    return { outcome: 'malformed', problem: reading.problem, reading }
  if (reading.state !== 'whole') return undefined
  const outcome = answerOutcome(reading.answer)
  return { outcome, problem: outcome === 'ok' ? '' : `status ${reading.answer.status}`, reading }
}

/** Calls `over` when the time is over, or the client has had enough; not after the returned function was called. */
function limited({ timeoutMs, signal }: WireWait, over: (problem: string) => void): () => void {
  const late = (): void => over(`no whole answer within ${timeoutMs} ms`)
  const abandoned = (): void => over('given up by its client')
  const timer = setTimeout(late, timeoutMs)
  if (signal?.aborted) queueMicrotask(abandoned)
  else signal?.addEventListener('abort', abandoned)
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abandoned)
  }
}

function requestText(request: WireRequest, { host, port }: WireTarget): string {
  const { method = 'GET', path = '/', headers = {}, body } = request
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`]
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${authority}`, ...length, ...fields]
  return `${head.join('\r\n')}\r\n\r\n${body ?? ''}`
}
