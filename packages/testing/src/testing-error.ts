import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type TestingErrorCode =
  | 'CHANGEOVER_CLOCK_STUCK'
  | 'CHANGEOVER_LOAD_OPTION_INVALID'
  | 'CHANGEOVER_SIMULATION_LOST'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<TestingErrorCode, ErrorTemplate>> = {
  CHANGEOVER_CLOCK_STUCK: {
    what: 'The virtual clock was stopped: nobody sleeps and the goal has not settled.',
    why: 'A run that waits for nothing never ends.',
    next: 'Look for a promise that is never resolved, or for real I/O.',
  },
  CHANGEOVER_LOAD_OPTION_INVALID: {
    what: 'openLoopLoad refused {field}: {value}.',
    why: 'A load other than the one you meant proves nothing about dropped requests, so nothing was sent.',
    next: '{remedy}',
  },
  CHANGEOVER_SIMULATION_LOST: {
    what: 'The simulation came to no end: {problem}',
    why: 'Nothing is proved by a run that nobody saw the end of.',
    next: 'Run it again with: {replay}',
  },
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function testingError(
  code: TestingErrorCode,
  details: ErrorDetails = {},
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
