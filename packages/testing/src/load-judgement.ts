import type { LoadResponse } from './http-exchange.ts'
import type { LoadSettings } from './load-options.ts'
import { classifyAnswer, classifyBroken } from './request-outcome.ts'
import type { BrokenExchange, Failure } from './request-outcome.ts'

/** What an answer is held against. */
export interface AnswerContext {
  readonly n: number
  /** The id that the request carried. */
  readonly id: string
  readonly verify: LoadSettings['verify']
}

/** The failure in a complete answer, or `undefined` if it is right. */
export function judgeAnswer(
  response: LoadResponse,
  { n, id, verify }: AnswerContext,
): Failure | undefined {
  const echoedId = textHeader(response, 'x-request-id')
  const failure = classifyAnswer({ status: response.status, id, echoedId })
  if (failure) return failure
  const reason = verified(() => verify(response, n))
  return reason === undefined ? undefined : { class: 'wrong', reason }
}

/** The failure in an exchange without a complete answer. */
export function judgeBroken(broken: BrokenExchange, error: Error): Failure {
  const message = error.message || 'no address accepted the connection'
  const code = broken.code === undefined ? '' : ` (${broken.code})`
  return { class: classifyBroken(broken), reason: `${message}${code}` }
}

/** A header as one string. */
export function textHeader({ headers }: LoadResponse, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function verified(verify: () => string | undefined): string | undefined {
  try {
    return verify()
  } catch (error) {
    return `verify threw ${String(error)}`
  }
}
