import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAnswer } from './answer.ts'
import { CommandError, commandError, wordsOf } from './command-error.ts'
import { createEventParser, type ServerEvent } from './event-parser.ts'
import { EXIT } from './exit-code.ts'
import type { AgentRequest } from './request.ts'

/** How to read a stream of events. */
export interface EventStreamOptions {
  readonly signal: AbortSignal
  /** How long a lost agent is looked for, in milliseconds. @default 60_000 */
  readonly patienceMs?: number
  /** Told when the connection is lost, and when it is there again. */
  readonly onState?: (state: 'lost' | 'back') => void
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
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

/** Reads events for ever, over as many connections as it takes; each connection goes on behind the last id of the one before. */
export async function* readEvents(
  source: EventSource,
  { signal, patienceMs = 60_000, onState }: EventStreamOptions,
): AsyncGenerator<ServerEvent> {
  let lastId: string | undefined
  let lostAt: number | undefined
  let pauseMs = FIRST_PAUSE_MS
  let isKnown = false
  for (;;) {
    let problem = 'the connection ended'
    try {
      const response = await connect(source, lastId, signal)
      isKnown = true
      if (lostAt !== undefined) onState?.('back')
      lostAt = undefined
      for await (const event of eventsOf(response)) {
        pauseMs = FIRST_PAUSE_MS
        lastId = event.id ?? lastId
        yield event
      }
    } catch (error) {
      signal.throwIfAborted()
      // Whoever was never there is not waited for.
      if (!isKnown || isFinal(error)) throw error
      problem = wordsOf(error)
    }
    if (lostAt === undefined) onState?.('lost')
    lostAt ??= Date.now()
    const missing = Date.now() - lostAt
    if (missing > patienceMs)
      throw commandError('CHANGEOVER_AGENT_LOST', {
        where: source.where,
        seconds: Math.round(missing / 1_000),
        problem,
      })
    await sleep(pauseMs, undefined, { signal })
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
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

/** A refusal stays one; an agent that is starting, or not there yet, may come back. */
function isFinal(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode === EXIT.refused && !isPassing(error.code)
}

function isPassing(code: string): boolean {
  return /_(?:CLOSED|CLOSING|STANDBY|BUSY|STARTING)$/.test(code)
}
