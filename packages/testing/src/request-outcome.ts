/** Every way to drop a request, in the order in which reports list them. */
export const failureClasses = [
  'refused',
  'reset-fresh',
  'reset-reused',
  'truncated',
  'timeout',
  'status-5xx',
  'status-4xx',
  'wrong',
  'other',
] as const

/**
 * Why a request counts as dropped:
 * - `refused`: nobody accepted the connection
 * - `reset-fresh`: the connection was new and ended before the head of an answer
 * - `reset-reused`: the same on a kept connection, the usual mark of a server that stopped too early
 * - `truncated`: the head of an answer came, the whole body did not
 * - `timeout`: no complete answer within `timeout`
 * - `status-5xx`, `status-4xx`: a complete answer with such a status
 * - `wrong`: the answer belongs to another request, or `verify` refused it
 * - `other`: anything else, the generator's own limits and failing hooks included
 */
export type FailureClass = (typeof failureClasses)[number]

/** How far a request came: no connection yet, no head of an answer yet, or in its body. */
export type FailurePhase = 'connect' | 'head' | 'body'

/** What is known about an exchange that ended without a complete answer. */
export interface BrokenExchange {
  /** System or parser code of the error, such as `ECONNRESET`. */
  readonly code: string | undefined
  readonly phase: FailurePhase
  /** Whether the request went out on a connection that had carried one before. */
  readonly reused: boolean
}

const unreachable = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH'])
const resets = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE'])

/** Puts a broken exchange into exactly one class. */
export function classifyBroken({ code = '', phase, reused }: BrokenExchange): FailureClass {
  if (phase === 'body') return 'truncated'
  if (phase === 'connect' && unreachable.has(code)) return 'refused'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (resets.has(code)) return reused ? 'reset-reused' : 'reset-fresh'
  return 'other'
}

/** What is known about a complete answer. */
export interface CompleteAnswer {
  readonly status: number
  /** The id that the request carried. */
  readonly id: string
  /** The id that the answer carried, if the server echoes ids. */
  readonly echoedId: string | undefined
}

/** Why a request counts as dropped, and the sentence for people. */
export interface Failure {
  readonly class: FailureClass
  readonly reason: string
}

/**
 * The failure in a complete answer, or `undefined` if it may stand. Another request's id comes
 * first: whatever its status, such an answer is somebody else's.
 */
export function classifyAnswer({ status, id, echoedId }: CompleteAnswer): Failure | undefined {
  if (echoedId !== undefined && echoedId !== id)
    return { class: 'wrong', reason: `answered with x-request-id ${echoedId} instead of ${id}` }
  if (status >= 500) return { class: 'status-5xx', reason: `status ${status}` }
  if (status >= 400) return { class: 'status-4xx', reason: `status ${status}` }
  return undefined
}
