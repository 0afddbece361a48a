import { ChangeoverError, type ErrorDetails } from '@changeover/engine'

/** The stable codes of this package's own errors. */
export type PostgresErrorCode =
  | 'CHANGEOVER_POSTGRES_UNREACHABLE'
  | 'CHANGEOVER_POSTGRES_FAILED'
  | 'CHANGEOVER_POSTGRES_SCHEMA_FAILED'
  | 'CHANGEOVER_POSTGRES_SCHEMA_NEWER'
  | 'CHANGEOVER_POSTGRES_UNANSWERED'

interface ErrorTemplate {
  readonly what: string
  readonly why: string
  readonly next: string
}

/** One template per code: what was refused, why, and what to do next. `docs/errors.md` is generated from it. */
export const ERROR_CODES: Readonly<Record<PostgresErrorCode, ErrorTemplate>> = {
  CHANGEOVER_POSTGRES_UNREACHABLE: {
    what: 'PostgreSQL did not answer "{call}", tried again for {waitedMs} ms ({problem}).',
    why: 'Whether something was written is not known, and an engine that cannot journal must not act.',
    next: 'When the database is back, engine.resume() goes on; nothing was stopped and the routes stay as they are.',
  },
  CHANGEOVER_POSTGRES_FAILED: {
    what: 'PostgreSQL refused "{call}" with {state}: {problem}.',
    why: 'Nothing was written by this call, and calling again would be refused again.',
    next: 'Mend what it says (rights of the role, space, name of the database), then resume.',
  },
  CHANGEOVER_POSTGRES_SCHEMA_FAILED: {
    what: 'The tables of the store in schema "{schema}" could not be set up: {problem}.',
    why: 'Without them nothing can be journaled.',
    next: 'Mend what it says, and connect to the server itself, not through a pooler. What ran before stays and is not run again.',
  },
  CHANGEOVER_POSTGRES_SCHEMA_NEWER: {
    what: 'Schema "{schema}" was set up by a newer version of this library: it has {migrations}.',
    why: 'An older engine could misread what a newer one wrote.',
    next: 'Update @changeover/store-postgres here, or give this engine a schema of its own.',
  },
  CHANGEOVER_POSTGRES_UNANSWERED: {
    what: 'The engine that took the command "{command}" for rollout "{rollout}" has not answered.',
    why: 'Whether the command is in force is not known: that engine may have ended just then.',
    next: 'Look for command id "{id}" in the journal; sending it under the same id never makes it count twice.',
  },
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function postgresError(
  code: PostgresErrorCode,
  details: ErrorDetails,
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}
