import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_ROUTER_CLOSED'
  | 'CHANGEOVER_ROUTER_NOT_LISTENING'
  | 'CHANGEOVER_ROUTER_SERVICE_UNKNOWN'
  | 'CHANGEOVER_ROUTER_LISTEN_FAILED'
  | 'CHANGEOVER_ROUTER_TABLE_INVALID'

const MESSAGES: Readonly<Record<RouterErrorCode, (details: ErrorDetails) => string>> = {
  CHANGEOVER_ROUTER_CLOSED: ({ call }) =>
    `"${String(call)}" was refused: the router is closed. It serves nobody, so no answer of it would be true. ` +
    'Create a new router and apply the table again.',
  CHANGEOVER_ROUTER_NOT_LISTENING: ({ service }) =>
    `There is no address for "${String(service)}" yet: the router does not listen. A guessed address could be ` +
    'another program. Await router.listen() first.',
  CHANGEOVER_ROUTER_SERVICE_UNKNOWN: ({ service, known }) =>
    `The router has no listener for "${String(service)}". A misspelt service would be waited for in vain. ` +
    `Use one of: ${String(known)}.`,
  CHANGEOVER_ROUTER_LISTEN_FAILED: ({ service, host, port, problem }) =>
    `The listener of "${String(service)}" could not be opened on ${String(host)}:${String(port)} ` +
    `(${String(problem)}). Serving only some of the services would look like an outage of the others, so none ` +
    'is served. Free the port or choose another one (0 takes any), then call listen() again.',
  CHANGEOVER_ROUTER_TABLE_INVALID: ({ service, problem }) =>
    `The route table of "${String(service)}" was refused: ${String(problem)}. Requests sent there would fail. ` +
    'Nothing was changed. Give a whole revision and fence, and addresses such as "127.0.0.1:3000" or "[::1]:3000".',
}

/** Builds (does not throw) the error of `code`. */
export function routerError(
  code: RouterErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const message = MESSAGES[code](details)
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
