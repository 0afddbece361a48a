import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_NGINX_UNREACHABLE'
  | 'CHANGEOVER_NGINX_CLOSED'
  | 'CHANGEOVER_NGINX_SERVICE_UNKNOWN'
  | 'CHANGEOVER_NGINX_FILES_FAILED'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<RouterErrorCode, ErrorTemplate>> = {
  CHANGEOVER_NGINX_UNREACHABLE: {
    what: '"{call}" failed: {problem}.',
    why: 'What the router does is not known.',
    next: 'See that nginx runs, that its configuration includes the files of {where}, and that it was reloaded since; then try again.',
  },
  CHANGEOVER_NGINX_CLOSED: {
    what: '"{call}" was refused: the adapter is closed.',
    why: 'Nothing that it said would be looked after.',
    next: 'Create a new one; nginx itself goes on as it was.',
  },
  CHANGEOVER_NGINX_SERVICE_UNKNOWN: {
    what: 'The adapter manages no service "{service}".',
    why: 'A misspelt service would be waited for in vain.',
    next: 'Use one of: {known}.',
  },
  CHANGEOVER_NGINX_FILES_FAILED: {
    what: 'The files of "{service}" could not be written to {where} ({problem}).',
    why: 'nginx would not start with a configuration that includes files which are not there.',
    next: 'Make it a directory that this process may write and nginx may read, then call prepare() again.',
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
