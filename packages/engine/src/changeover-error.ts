import { inspect } from 'node:util'
import type { ErrorCode } from './error-code.ts'
import { ERROR_CODES, type ErrorDetails } from './error-codes.ts'

const BRAND = Symbol.for('changeover.error')

/**
 * Every refusal and failure of Changeover. `message` says what was refused, why it is dangerous and what to do next;
 * `code` is stable and is what programs compare.
 *
 * `instanceof` holds across two installed copies of the package: the class is recognised by a registered symbol.
 */
export class ChangeoverError extends Error {
  override readonly name = 'ChangeoverError'
  readonly code: string
  /** The facts behind the message: field, value, and whatever the code's template names. */
  readonly details: ErrorDetails

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = options.details ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** Builds (does not throw) the error of `code`, its message filled with `details`. */
export function refuse(
  code: ErrorCode,
  details: ErrorDetails = {},
  cause?: unknown,
): ChangeoverError {
  const { what, why, next } = ERROR_CODES[code]
  const message = [what, why, next].map((part) => fill(part, details)).join(' ')
  return new ChangeoverError(code, message, cause === undefined ? { details } : { cause, details })
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => show(details[key]))
}

function show(value: unknown): string {
  if (typeof value === 'string') return value
  // JSON would write NaN and Infinity as null.
  const json = typeof value === 'object' ? toJson(value) : undefined
  return json ?? inspect(value, { depth: 0 })
}

/** Undefined for what JSON cannot hold, such as the circular objects that are given by mistake. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
