import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ChangeoverError } from '@changeover/engine'
import type { Logger } from 'pino'
import { routerError } from '../router-error.ts'
import type { CallContext, Calls } from './control-calls.ts'
import {
  ADAPTER_HEADER,
  type CallName,
  type CallResults,
  CALLS,
  type Hello,
  LONGEST_CALL,
  type Notice,
  type Problem,
  type Reply,
} from './protocol.ts'

/** Takes the orders of adapters, on a unix socket. */
export interface ControlServer {
  /** @throws an error of the system where the socket cannot be made */
  listen(path: string, hello: () => Hello): Promise<void>
  /** Tells all adapters that are listening, but for `except`. */
  tell(notice: Notice, except?: string): void
  /** Takes no further connection. Those that there are end with the process, and tell of its end by that. */
  close(): void
}

/** A call may take this long to come in, in milliseconds; to be answered, as long as it likes. */
const CALL_WITHIN_MS = 30_000

/** @param onStop called when an adapter wants the process to stop */
export function controlServer(calls: Calls, logger: Logger, onStop: () => void): ControlServer {
  const streams = new Map<ServerResponse, string>()
  let hello: (() => Hello) | undefined

  const stream = (response: ServerResponse, adapter: string): void => {
    streams.set(response, adapter)
    response.once('close', () => streams.delete(response))
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    if (hello) response.write(line(hello()))
  }
  const stop = (response: ServerResponse): void => {
    response.writeHead(202).flushHeaders()
    onStop()
  }
  const server = createServer({ requestTimeout: CALL_WITHIN_MS }, (request, response) => {
    const adapter = String(request.headers[ADAPTER_HEADER] ?? '')
    const order = `${request.method} ${request.url}`
    if (order === 'GET /events') return stream(response, adapter)
    if (order === 'POST /stop') return stop(response)
    void answer(calls, request, response, adapter).catch((error: unknown) => {
      logger.error({ err: error, order }, 'a call was not answered')
      response.destroy()
    })
  })
  server.on('error', (error) => logger.error({ err: error }, 'the control socket failed'))

  return {
    async listen(path, said) {
      hello = said
      await opened(server, path)
    },
    tell(notice, except) {
      for (const [one, adapter] of streams) if (adapter !== except) one.write(line(notice))
    },
    close() {
      server.close()
    },
  }
}

function line(event: Hello | Notice): string {
  return `${JSON.stringify(event)}\n`
}

function opened(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(
  calls: Calls,
  request: IncomingMessage,
  response: ServerResponse,
  adapter: string,
): Promise<void> {
  const gone = new AbortController()
  const { signal } = gone
  response.once('close', () => gone.abort(new Error('the adapter has gone')))
  try {
    send(response, 200, { result: await call(calls, request, { signal, adapter }) })
  } catch (error) {
    if (signal.aborted) return
    const problem = problemOf(error)
    send(response, problem.code === 'CHANGEOVER_ROUTER_CALL_INVALID' ? 400 : 422, { problem })
  }
}

function send(response: ServerResponse, status: number, reply: Reply): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply))
}

/** @throws the error itself where it is none that a caller can make sense of */
function problemOf(error: unknown): Problem {
  if (!(error instanceof ChangeoverError)) throw error
  const { code, message, details } = error
  return { code, message, details }
}

async function call(
  calls: Calls,
  request: IncomingMessage,
  context: CallContext,
): Promise<unknown> {
  const { method = '', url = '' } = request
  const name = url.slice(1)
  if (method !== 'POST' || !isCallName(name)) throw invalid(`${method} ${url}`, 'there is none')
  return run(calls, name, await readBody(request, name), context)
}

function run<Name extends CallName>(
  calls: Calls,
  name: Name,
  body: string,
  context: CallContext,
): Promise<CallResults[Name]> {
  const checked = CALLS[name].safeParse(parse(body))
  if (checked.success) return calls[name](checked.data, context)
  const [issue] = checked.error.issues
  throw invalid(name, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not accepted'}`)
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(CALLS, name)
}

async function readBody(request: IncomingMessage, name: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > LONGEST_CALL) throw invalid(name, `it is longer than ${LONGEST_CALL} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(call: string, problem: string): Error {
  return routerError('CHANGEOVER_ROUTER_CALL_INVALID', { call, problem })
}
