import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_CADDY_UNREACHABLE'
  | 'CHANGEOVER_CADDY_REPLY_INVALID'
  | 'CHANGEOVER_CADDY_SERVICE_UNKNOWN'
  | 'CHANGEOVER_CADDY_CLOSED'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<RouterErrorCode, ErrorTemplate>> = {
  CHANGEOVER_CADDY_UNREACHABLE: {
    what: 'Caddy did not answer "{call}" ({problem}).',
    why: 'What it routes is not known.',
    next: 'See that it runs and that {where} is its admin endpoint, then try again.',
  },
  CHANGEOVER_CADDY_REPLY_INVALID: {
    what: 'What {where} answered to "{call}" cannot be read ({problem}).',
    why: 'What Caddy routes is not known, and something else may listen there.',
    next: 'Compare with what curl shows for the same call; Caddy 2.6 or later is needed.',
  },
  CHANGEOVER_CADDY_SERVICE_UNKNOWN: {
    what: 'The router was not told where the routes of "{service}" are.',
    why: 'A misspelt service would be waited for in vain.',
    next: 'Use one of {known}, or add it to the option services.',
  },
  CHANGEOVER_CADDY_CLOSED: {
    what: '"{call}" was refused or broken off: the router was closed.',
    why: 'Nobody watches Caddy through it any more; Caddy itself goes on as it was.',
    next: 'Create a new router for the same Caddy; it finds the table in force.',
  },
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function routerError(
  code: RouterErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
