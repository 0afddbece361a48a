import { ChangeoverError } from '@changeover/engine'
import type { ErrorAnswer } from '../api/index.ts'
import { consoleError, ConsoleError } from '../console-error.ts'
import type { Answer } from './answer.ts'

/** A refusal as it is answered and recorded. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

/** Statuses of the engine's refusals; every other one is about what was asked: 422. */
const STATUS: Readonly<Record<string, number>> = {
  CHANGEOVER_ROLLOUT_UNKNOWN: 404,
  CHANGEOVER_ROLLOUT_FINISHED: 409,
  CHANGEOVER_ROLLOUT_RUNNING: 409,
  CHANGEOVER_COMMAND_REFUSED: 409,
  CHANGEOVER_CONFLICT: 409,
  CHANGEOVER_LEASE_HELD: 409,
  CHANGEOVER_LEASE_LOST: 409,
  CHANGEOVER_FENCE_STALE: 409,
  CHANGEOVER_ENGINE_CLOSED: 503,
  CHANGEOVER_STORE_CLOSED: 503,
  CHANGEOVER_STORE_LOCKED: 503,
  CHANGEOVER_STORE_FAILED: 503,
  CHANGEOVER_JOURNAL_CORRUPT: 500,
  CHANGEOVER_LEASE_CORRUPT: 500,
}

/**
 * What to answer. An error without a code of ours is a fault of the console: it gets an id, and its text stays in the log.
 *
 * @param unexpected told of such an error, and the id under which it is answered
 */
export function problemOf(error: unknown, unexpected: (error: unknown) => string): Problem {
  if (error instanceof ChangeoverError) {
    const { code, message } = error
    return { status: statusOf(error), code, message, headers: headersOf(error) }
  }
  return problemOf(
    consoleError('CHANGEOVER_CONSOLE_FAILED', { id: unexpected(error) }, error),
    unexpected,
  )
}

/** The answer that tells of a problem. */
export function problemAnswer({ status, code, message, headers }: Problem): Answer {
  const body: ErrorAnswer = { error: { code, message } }
  return { status, body, headers }
}

/** Errors of other packages may know their status themselves. */
function statusOf(error: ChangeoverError): number {
  const own = 'status' in error ? error.status : undefined
  const known = typeof own === 'number' && own >= 400 && own <= 599 ? own : STATUS[error.code]
  return known ?? 422
}

function headersOf(error: ChangeoverError): Record<string, string> {
  if (!(error instanceof ConsoleError)) return {}
  const { allow, seconds } = error.details
  switch (error.status) {
    case 401:
      return { 'www-authenticate': 'Bearer realm="changeover"' }
    case 405:
      return { allow: String(allow) }
    case 429:
      return { 'retry-after': String(seconds) }
    // What is left of such a body is not read: the connection ends with the answer.
    case 408:
    case 413:
      return { connection: 'close' }
    case 503:
      return { 'retry-after': '1' }
    default:
      return {}
  }
}
