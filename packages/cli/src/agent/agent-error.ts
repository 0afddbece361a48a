import { ChangeoverError, type ErrorDetails } from '@changeover/engine'
import { AGENT_ERROR_CODES, type AgentErrorCode } from './agent-error-codes.ts'

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function agentError(
  code: AgentErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = AGENT_ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}

/** The words of whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
