/** What is known about a request that an instance did not answer. */
export interface Failure {
  /** Proven: the connection was never made, so the instance saw nothing. */
  readonly unsent: boolean
  /** The connection had answered another request before; its instance may have closed it meanwhile. */
  readonly reused: boolean
  /** The instance broke the connection, rather than sending something that is not HTTP. */
  readonly broken: boolean
  /** A part of an answer has been passed on. */
  readonly begun: boolean
  readonly method: string
  readonly hasBody: boolean
  /** Instances that could not be reached so far, this one included where it was unsent. */
  readonly tries: number
  /** Whether the request was sent a second time already. */
  readonly replayed: boolean
}

/** `elsewhere`: to another instance. `again`: once more, on a fresh connection. `give-up`: it may have been acted upon. */
export type Retry = 'elsewhere' | 'again' | 'give-up'

/** Instances that a request is offered to before it fails. */
const MAX_TRIES = 3

/** Sent twice they do no more than sent once, and change nothing. PUT and DELETE would qualify by the book, not in practice. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a failed request may be sent again. Whatever may have been acted upon is never replayed. */
export function decideRetry(failure: Failure): Retry {
  if (failure.begun) return 'give-up'
  if (failure.unsent) return failure.tries < MAX_TRIES ? 'elsewhere' : 'give-up'
  const stale = failure.reused && failure.broken && !failure.replayed
  return stale && !failure.hasBody && SAFE.has(failure.method) ? 'again' : 'give-up'
}
