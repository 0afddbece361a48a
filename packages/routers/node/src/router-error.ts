import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type RouterErrorCode =
  | 'CHANGEOVER_ROUTER_CLOSED'
  | 'CHANGEOVER_ROUTER_NOT_LISTENING'
  | 'CHANGEOVER_ROUTER_SERVICE_UNKNOWN'
  | 'CHANGEOVER_ROUTER_LISTEN_FAILED'
  | 'CHANGEOVER_ROUTER_TLS_INVALID'
  | 'CHANGEOVER_ROUTER_CALL_INVALID'
  | 'CHANGEOVER_ROUTER_PROCESS_DIFFERS'
  | 'CHANGEOVER_ROUTER_PROCESS_FAILED'
  | 'CHANGEOVER_ROUTER_PROCESS_MISSING'
  | 'CHANGEOVER_ROUTER_PROCESS_PLATFORM'
  | 'CHANGEOVER_ROUTER_PROCESS_STUCK'
  | 'CHANGEOVER_ROUTER_STATE_UNREADABLE'
  | 'CHANGEOVER_ROUTER_UNREACHABLE'

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
  CHANGEOVER_ROUTER_TLS_INVALID: {
    what: 'The key and the certificate of "{service}" were refused: {problem}.',
    why: 'Every client would be turned away at the handshake.',
    next: 'Give a key and its own certificate in PEM, for a listener that has the option tls.',
  },
  CHANGEOVER_ROUTER_CALL_INVALID: {
    what: 'The call "{call}" to the router process was refused: {problem}.',
    why: 'A call that is half understood could put half a table in force.',
    next: 'Call it through nodeRouterProcess() of the same release.',
  },
  CHANGEOVER_ROUTER_PROCESS_DIFFERS: {
    what: 'The router process {pid} in {directory} was started with other options or by another release of this package ({problem}).',
    why: 'It would not serve what these options say, and replacing it cuts the connections that it has.',
    next: 'Give the options it was started with; or await shutdown(), which lets its requests end, and call listen() again.',
  },
  CHANGEOVER_ROUTER_PROCESS_FAILED: {
    what: 'The router process in {directory} could not be started: {problem}.',
    why: 'Nothing is served until one runs.',
    next: 'Read {log}, mend the cause and call listen() again.',
  },
  CHANGEOVER_ROUTER_PROCESS_STUCK: {
    what: 'The router process in {directory} was asked to stop and did not end within {withinMs} ms.',
    why: 'It may still have the ports and the directory, so that no other one can serve.',
    next: 'Look at it: {directory}/owner.lock names its pid. If it hangs, kill it with SIGKILL; its tables are on disk.',
  },
  CHANGEOVER_ROUTER_PROCESS_MISSING: {
    what: 'The program of the router process is missing: {path}.',
    why: 'It is a file of its own, which a bundle of the package leaves out.',
    next: 'Install @changeover/router-node beside your program rather than bundling it, or use nodeRouter().',
  },
  CHANGEOVER_ROUTER_PROCESS_PLATFORM: {
    what: 'A router process is not possible on {platform}.',
    why: 'It rests on unix sockets with file permissions and on signals.',
    next: 'Use nodeRouter(), or a system such as Linux or macOS.',
  },
  CHANGEOVER_ROUTER_STATE_UNREADABLE: {
    what: 'The state file {path} of the router process cannot be trusted: {problem}.',
    why: 'An older table could lead to instances that are gone, and a forgotten fence would let an old engine write.',
    next: 'Find out who wrote to it; move it aside, and the next table that is applied starts it anew.',
  },
  CHANGEOVER_ROUTER_UNREACHABLE: {
    what: 'The router process did not answer "{call}": {problem}.',
    why: 'What is in force is not known until it answers.',
    next: 'Wait for it to be started again, or call listen(); its log is {log}.',
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
