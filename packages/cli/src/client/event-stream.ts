import type { IncomingMessage } from 'node:http'
import { readAnswer } from './answer.ts'
import { createEventParser, type ServerEvent } from './event-parser.ts'
import { createPatience, isAway, isFinal, type PatienceOptions } from './patience.ts'
import type { AgentRequest } from './request.ts'

/** How to read a stream of events. */
export interface EventStreamOptions extends Omit<PatienceOptions, 'where'> {
  /** The agent answered a moment ago: it is waited for from the first connection on. @default false */
  readonly wasThere?: boolean
}

/** What reading needs of the client. */
export interface EventSource {
  readonly open: (asked: AgentRequest) => Promise<IncomingMessage>
  readonly path: string
  readonly where: string
  readonly timeoutMs: number
}

/** The agent sends a comment every 15 seconds: a connection that is silent for three of them is dead. */
const SILENCE_MS = 45_000

/** Reads events for ever, over as many connections as it takes; each connection goes on behind the last id of the one before. */
export async function* readEvents(
  { where, ...source }: EventSource,
  { wasThere = false, ...options }: EventStreamOptions,
): AsyncGenerator<ServerEvent> {
  const { signal } = options
  const patience = createPatience({ ...options, where })
  let lastId: string | undefined
  let isConnected = false
  for (;;) {
    let problem: unknown = new Error('the connection ended')
    try {
      const response = await connect({ where, ...source }, lastId, signal)
      isConnected = true
      patience.there()
      for await (const event of eventsOf(response)) {
        patience.heard()
        lastId = event.id ?? lastId
        yield event
      }
    } catch (error) {
      signal.throwIfAborted()
      // Whoever was never there is not waited for.
      const waits = isConnected ? !isFinal(error) : wasThere && isAway(error)
      if (!waits) throw error
      problem = error
    }
    await patience.missed(problem)
  }
}

async function connect(
  { open, path, where, timeoutMs }: EventSource,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  }
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    const both = AbortSignal.any([signal, late.signal])
    const response = await open({ method: 'GET', path, headers, signal: both })
    if (response.statusCode === 200) return response
    return await readAnswer<never>(response, `GET ${path}`, where)
  } finally {
    clearTimeout(timer)
  }
}

/** Ends with the connection. Leaving the loop ends the connection. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<ServerEvent> {
  const parser = createEventParser()
  response.setEncoding('utf8')
  response.setTimeout(SILENCE_MS, () => response.destroy(new Error('nothing came for 45 seconds')))
  try {
    for await (const piece of response) yield* parser.push(String(piece))
  } finally {
    response.destroy()
  }
}
