import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_HAPROXY_UNREACHABLE'
  | 'CHANGEOVER_HAPROXY_NOT_UNDERSTOOD'
  | 'CHANGEOVER_HAPROXY_CLOSED'
  | 'CHANGEOVER_HAPROXY_SERVICE_UNKNOWN'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<RouterErrorCode, ErrorTemplate>> = {
  CHANGEOVER_HAPROXY_UNREACHABLE: {
    what: '"{call}" failed: {problem}.',
    why: 'What the router does is not known.',
    next: 'See that it runs and that {where} is where it listens for commands, then try again.',
  },
  CHANGEOVER_HAPROXY_NOT_UNDERSTOOD: {
    what: '"{call}" failed: {problem}.',
    why: 'What is not understood proves nothing about the routes in force.',
    next: 'See that {where} is the stats socket of an HAProxy 2.6 or later, of level admin, then try again.',
  },
  CHANGEOVER_HAPROXY_CLOSED: {
    what: '"{call}" was refused: the adapter is closed.',
    why: 'It looks at HAProxy no more, so no answer of it would be true.',
    next: 'Create a new haproxyRouter().',
  },
  CHANGEOVER_HAPROXY_SERVICE_UNKNOWN: {
    what: 'The adapter was not told of a service "{service}".',
    why: 'A misspelt service would be waited for in vain.',
    next: 'Use one of: {known}; or add it to services.',
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
