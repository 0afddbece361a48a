import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type ProcessFleetErrorCode =
  | 'CHANGEOVER_PROCESS_DIRECTORY_OWNED'
  | 'CHANGEOVER_PROCESS_FLEET_CLOSED'
  | 'CHANGEOVER_PROCESS_INSTANCE_TAKEN'
  | 'CHANGEOVER_PROCESS_PLATFORM'
  | 'CHANGEOVER_PROCESS_REAPER_FAILED'
  | 'CHANGEOVER_PROCESS_REAPER_MISSING'
  | 'CHANGEOVER_PROCESS_STATE_UNREADABLE'

/** Builds (does not throw) an error. `parts` say what was refused, why it is dangerous and what to do next. */
export function fleetError(
  code: ProcessFleetErrorCode,
  parts: readonly [what: string, why: string, next: string],
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const message = parts.join(' ')
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
