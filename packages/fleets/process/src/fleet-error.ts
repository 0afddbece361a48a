import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type ProcessFleetErrorCode =
  | 'CHANGEOVER_PROCESS_DIRECTORY_OWNED'
  | 'CHANGEOVER_PROCESS_FLEET_CLOSED'
  | 'CHANGEOVER_PROCESS_INSTANCE_TAKEN'
  | 'CHANGEOVER_PROCESS_INSTANCE_UNKNOWN'
  | 'CHANGEOVER_PROCESS_PLATFORM'
  | 'CHANGEOVER_PROCESS_REAPER_FAILED'
  | 'CHANGEOVER_PROCESS_REAPER_MISSING'
  | 'CHANGEOVER_PROCESS_STATE_UNREADABLE'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<ProcessFleetErrorCode, ErrorTemplate>> = {
  CHANGEOVER_PROCESS_DIRECTORY_OWNED: {
    what: 'The directory "{directory}" was refused: process {pid} owns it and is alive.',
    why: 'Two owners would stop and replace the same instances.',
    next: 'Give this fleet a directory of its own, or end the other process first.',
  },
  CHANGEOVER_PROCESS_FLEET_CLOSED: {
    what: '"{call}" was refused: the fleet is closed.',
    why: 'Nobody would watch over what it starts.',
    next: 'Create a new fleet; on the same directory it knows what this one left.',
  },
  CHANGEOVER_PROCESS_INSTANCE_TAKEN: {
    what: 'The launch of "{id}" for release "{release}" of "{service}" was refused: under this id runs release "{running}" of "{owner}".',
    why: 'Answering with it would send traffic to another version than the one that was asked for.',
    next: 'Give every instance an id that was never used before.',
  },
  CHANGEOVER_PROCESS_INSTANCE_UNKNOWN: {
    what: 'There are no logs of an instance "{id}" of "{service}".',
    why: 'An empty answer would read as if it had run and printed nothing.',
    next: 'Compare with list(); logs of instances that ended long ago are removed (option logs.keepEnded).',
  },
  CHANGEOVER_PROCESS_PLATFORM: {
    what: 'processFleet() was refused: this is Windows.',
    why: 'It has neither process groups nor SIGTERM, so instances could be neither drained nor surely ended.',
    next: 'Run the agent on Linux or macOS (WSL will do), or use another fleet.',
  },
  CHANGEOVER_PROCESS_REAPER_FAILED: {
    what: 'The launch was refused: the reaper ended at its start ({end}).',
    why: 'Without it, instances would outlive a crash of this process and hold their ports.',
    next: 'Find out why "{program}" cannot run "{script}", then launch again.',
  },
  CHANGEOVER_PROCESS_REAPER_MISSING: {
    what: 'The launch was refused: "{path}" is missing.',
    why: 'Without the reaper, instances would outlive a crash of this process and hold their ports.',
    next: "Build the package, leave it out of your bundle, or use orphans: 'keep'.",
  },
  CHANGEOVER_PROCESS_STATE_UNREADABLE: {
    what: 'The fleet\'s directory was refused: "{path}" cannot be read.',
    why: 'It may name a process that still serves, which nobody would watch or stop.',
    next: 'Nothing was changed. Look at the file; move it away once you know that its process is gone.',
  },
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function fleetError(
  code: ProcessFleetErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
