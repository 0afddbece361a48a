import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_ROUTER_CLOSED'
  | 'CHANGEOVER_ROUTER_NOT_LISTENING'
  | 'CHANGEOVER_ROUTER_SERVICE_UNKNOWN'
  | 'CHANGEOVER_ROUTER_LISTEN_FAILED'
  | 'CHANGEOVER_ROUTER_TABLE_INVALID'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<RouterErrorCode, ErrorTemplate>> = {
  CHANGEOVER_ROUTER_CLOSED: {
    what: '"{call}" was refused: the router is closed.',
    why: 'It serves nobody, so no answer of it would be true.',
    next: 'Create a new router and apply the table again.',
  },
  CHANGEOVER_ROUTER_NOT_LISTENING: {
    what: 'There is no address for "{service}" yet: the router does not listen.',
    why: 'A guessed address could be another program.',
    next: 'Await router.listen() first.',
  },
  CHANGEOVER_ROUTER_SERVICE_UNKNOWN: {
    what: 'The router has no listener for "{service}".',
    why: 'A misspelt service would be waited for in vain.',
    next: 'Use one of: {known}.',
  },
  CHANGEOVER_ROUTER_LISTEN_FAILED: {
    what: 'The listener of "{service}" could not be opened on {host}:{port} ({problem}).',
    why: 'Serving only some of the services would look like an outage of the others, so none is served.',
    next: 'Free the port or choose another one (0 takes any), then call listen() again.',
  },
  CHANGEOVER_ROUTER_TABLE_INVALID: {
    what: 'The route table of "{service}" was refused: {problem}.',
    why: 'Requests sent there would fail.',
    next: 'Nothing was changed. Give a whole revision and fence, and addresses such as "127.0.0.1:3000" or "[::1]:3000".',
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
