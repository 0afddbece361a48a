import { COMMAND_ERROR_CODES, type CommandErrorCode } from './command-error-codes.ts'
import { EXIT, type ExitCode } from './exit-code.ts'

/** What brands every error of Changeover, so that `instanceof ChangeoverError` holds without loading the engine. */
const BRAND = Symbol.for('changeover.error')

/** A refusal or failure of a command, or one that the agent answered with. */
export class CommandError extends Error {
  override readonly name = 'ChangeoverError'
  readonly code: string
  /** What the process ends with. */
  readonly exitCode: ExitCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    options: {
      readonly exitCode: ExitCode
      readonly cause?: unknown
      readonly details?: Readonly<Record<string, unknown>>
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.exitCode = options.exitCode
    this.details = options.details ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }
}

const EXITS: Readonly<Record<CommandErrorCode, ExitCode>> = {
  CHANGEOVER_AGENT_UNREACHABLE: EXIT.unreachable,
  CHANGEOVER_AGENT_SILENT: EXIT.unreachable,
  CHANGEOVER_AGENT_LOST: EXIT.unreachable,
  CHANGEOVER_ANSWER_UNREADABLE: EXIT.unexpected,
  CHANGEOVER_ENDPOINT_INVALID: EXIT.usage,
  CHANGEOVER_TOKEN_UNPROTECTED: EXIT.usage,
  CHANGEOVER_USAGE: EXIT.usage,
  CHANGEOVER_FILE_UNREADABLE: EXIT.usage,
  CHANGEOVER_FILE_EXISTS: EXIT.refused,
  CHANGEOVER_CONFIRMATION_MISSING: EXIT.usage,
  CHANGEOVER_NOTHING_UNDER_WAY: EXIT.refused,
  CHANGEOVER_NO_OPEN_GATE: EXIT.refused,
  CHANGEOVER_CODE_UNKNOWN: EXIT.refused,
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function commandError(
  code: CommandErrorCode,
  details: Readonly<Record<string, string | number>>,
  cause?: unknown,
): CommandError {
  const { what, why, next } = COMMAND_ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    String(details[key]),
  )
  return new CommandError(code, message, { exitCode: EXITS[code], cause, details })
}

/** The words of whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
