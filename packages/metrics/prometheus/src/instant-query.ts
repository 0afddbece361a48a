import type { CallOptions } from '@changeover/engine'
import type { PrometheusSettings } from './options.ts'
import { type Found, readAnswer } from './query-answer.ts'

export interface InstantQuery extends CallOptions {
  readonly query: string
  /** In seconds since the epoch. @default the server's own time */
  readonly at?: number | undefined
}

/**
 * Asks once. Everything that goes wrong is a reason, except that the caller's own signal rejects.
 *
 * @throws the reason of `signal`
 */
export async function instantQuery(
  { endpoint, headers, timeoutMs }: PrometheusSettings,
  { query, at, signal }: InstantQuery,
): Promise<Found> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  const body = new URLSearchParams({ query, ...(at === undefined ? {} : { time: String(at) }) })
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    })
    return readAnswer(response.status, await response.text())
  } catch (error) {
    signal?.throwIfAborted()
    return { reason: late.signal.aborted ? `no answer within ${timeoutMs} ms` : whatFailed(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** Only what the system said: a message of fetch itself could quote the request. */
function whatFailed(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? `: ${String(cause.code)}` : ''
  return `Prometheus could not be asked${code}`
}
