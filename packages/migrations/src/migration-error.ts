import { ERROR_CODES } from './error-codes.ts'
import type { MigrationErrorCode } from './error-codes.ts'

const brand = Symbol.for('changeover.migrations.error')

/**
 * Misuse, or a refusal of the guard. The message says what was refused, why it is dangerous and what to do next.
 *
 * `instanceof` holds across two installed copies of this package.
 */
export class MigrationError extends Error {
  override readonly name: string = 'MigrationError'
  /** Which one this is; see {@link MigrationErrorCode}. */
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function refuse(
  code: MigrationErrorCode,
  details: Readonly<Record<string, string | number>> = {},
  options?: ErrorOptions,
): MigrationError {
  const { what, why, next } = ERROR_CODES[code]
  const message = [what, why, next].map((part) => fill(part, details)).join(' ')
  return new MigrationError(code, message, options)
}

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(details[key]))
}
