import { ChangeoverError, type ErrorDetails } from '@changeover/engine'
import { type ConsoleErrorCode, ERROR_CODES } from './error-codes.ts'

const BRAND = Symbol.for('changeover.console-error')

/**
 * A refusal of the console's own. `details.seconds` of a 429 is what `retry-after` says, `details.allow` of a 405 what
 * `allow` says. What the engine refuses has the engine's codes, and no status.
 */
export class ConsoleError extends ChangeoverError {
  declare readonly code: ConsoleErrorCode
  /** Of the HTTP answer. */
  readonly status: number

  constructor(
    code: ConsoleErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(code, message, options)
    this.status = ERROR_CODES[code].status
    Object.defineProperty(this, BRAND, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/**
 * Builds (does not throw) the error of `code`, its message filled with `details`. What `details` holds of a request
 * is cut and freed of control characters, since messages end up in logs and on terminals.
 */
export function consoleError(
  code: ConsoleErrorCode,
  details: Readonly<Record<string, string | number | undefined>> = {},
  cause?: unknown,
): ConsoleError {
  const { what, why, next } = ERROR_CODES[code]
  const message = `${what} ${why} ${next}`.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    printable(String(details[key] ?? '')),
  )
  return new ConsoleError(code, message, cause === undefined ? { details } : { cause, details })
}

const LONGEST_DETAIL = 300

function printable(text: string): string {
  const clean = text.slice(0, LONGEST_DETAIL).replaceAll(/[\p{C}\u2028\u2029]/gu, '\uFFFD')
  return text.length > LONGEST_DETAIL ? `${clean}…` : clean
}
