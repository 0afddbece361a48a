import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type NotifierErrorCode =
  | 'CHANGEOVER_NOTIFIER_CLOSED'
  | 'CHANGEOVER_COURIER_STATE_UNREADABLE'
  | 'CHANGEOVER_NOTIFIER_COMMAND_FAILED'
  | 'CHANGEOVER_WEBHOOK_FAILED'
  | 'CHANGEOVER_WEBHOOK_REFUSED'
  | 'CHANGEOVER_WEBHOOK_UNVERIFIED'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<NotifierErrorCode, ErrorTemplate>> = {
  CHANGEOVER_NOTIFIER_CLOSED: {
    what: 'The delivery of "{id}" was broken off: the notifier or its courier was closed.',
    why: 'Whether it arrived is not known.',
    next: 'A courier on the same directory tells it again when it starts.',
  },
  CHANGEOVER_COURIER_STATE_UNREADABLE: {
    what: 'The courier was refused: "{path}" cannot be read ({problem}).',
    why: 'It says what was told already; without it everything, or nothing, would be told again.',
    next: 'Look at the file. Moved away, a new one begins with the rollouts that are under way.',
  },
  CHANGEOVER_NOTIFIER_COMMAND_FAILED: {
    what: 'The command "{file}" for "{id}" {end}.',
    why: 'Whoever it tells was perhaps not told.',
    next: 'See in the log what it printed, and call it by hand with the same JSON on its standard input.',
  },
  CHANGEOVER_WEBHOOK_FAILED: {
    what: 'The webhook at {where} did not take "{id}" in {attempts} attempt(s): {problem}.',
    why: 'Whoever listens there was not told.',
    next: 'See that it answers with a 2xx status; a courier goes on trying.',
  },
  CHANGEOVER_WEBHOOK_REFUSED: {
    what: 'The webhook at {where} refused "{id}" for good: {problem}.',
    why: 'The same request would be refused again, so it is not repeated.',
    next: 'Check the url, the secret and the headers of this notifier; redirects are not followed.',
  },
  CHANGEOVER_WEBHOOK_UNVERIFIED: {
    what: 'A webhook was refused: {problem}.',
    why: 'Anybody could have sent it, or it is an old one sent again.',
    next: 'Answer with 401 and do nothing. Check the secret, the clock, and that the body is the raw one.',
  },
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function notifierError(
  code: NotifierErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
