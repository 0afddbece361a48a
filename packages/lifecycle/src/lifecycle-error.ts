import { ERROR_CODES } from './error-codes.ts'
import type { LifecycleErrorCode } from './error-codes.ts'

const brand = Symbol.for('changeover.lifecycle.error')

/**
 * Misuse of a lifecycle. The message says what was refused, why it is dangerous and what to do next.
 *
 * `instanceof` holds across two installed copies of this package.
 */
export class LifecycleError extends Error {
  override readonly name: string = 'LifecycleError'
  /** Which mistake this is; see {@link LifecycleErrorCode}. */
  readonly code: LifecycleErrorCode

  constructor(code: LifecycleErrorCode, message: string, options?: ErrorOptions) {
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
  code: LifecycleErrorCode,
  details: Readonly<Record<string, string | number>> = {},
  options?: ErrorOptions,
): LifecycleError {
  const { what, why, next } = ERROR_CODES[code]
  const message = [what, why, next].map((part) => fill(part, details)).join(' ')
  return new LifecycleError(code, message, options)
}

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(details[key]))
}
