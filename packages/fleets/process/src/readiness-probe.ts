import { get, type IncomingMessage } from 'node:http'
import type { CallOptions, Readiness } from '@changeover/engine'
import { hasCode } from './system-error.ts'

const BODY_LIMIT = 200

/** What to ask, and how long to wait for the answer. */
export interface ReadinessQuestion {
  readonly url: string
  readonly timeoutMs: number
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** What one probe showed. */
export interface ProbeResult {
  readonly readiness: Readiness
  /** The connection was made and then broke: mostly the instance has just ended. */
  readonly cut: boolean
}

/** Asks once, on a connection of its own. Rejects only with the reason of an aborted signal. */
export async function probeReadiness(
  { url, timeoutMs }: ReadinessQuestion,
  { signal }: CallOptions = {},
): Promise<ProbeResult> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const giveUp = (): void => controller.abort()
  const timer = setTimeout(giveUp, timeoutMs)
  signal?.addEventListener('abort', giveUp)
  try {
    return { readiness: judge(await ask(url, controller.signal)), cut: false }
  } catch (error) {
    signal?.throwIfAborted()
    const late = controller.signal.aborted
    const reason = late ? `no answer within ${timeoutMs} ms` : wordsOf(error)
    return { readiness: { ready: false, reason }, cut: hasCode(error, 'ECONNRESET') }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}

function judge({ status, body }: Answer): Readiness {
  if (status >= 200 && status < 300) return { ready: true }
  return { ready: false, reason: `answered ${status}${body === '' ? '' : `: ${body}`}` }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function ask(url: string, signal: AbortSignal): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, signal }, resolve).on('error', reject)
  })
  try {
    return { status: response.statusCode ?? 0, body: await beginning(response) }
  } finally {
    response.destroy()
  }
}

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= BODY_LIMIT) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, BODY_LIMIT).trim()
}
