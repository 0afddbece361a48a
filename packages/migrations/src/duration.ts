import { refuse } from './migration-error.ts'

/** A span of time: a number of milliseconds, or a string such as `'250ms'`, `'30s'`, `'5m'`, `'1h'`. */
export type Duration = number | string

const SHAPE = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * A {@link Duration} in whole milliseconds.
 *
 * @param field named in the refusal, so that a person finds the option to mend
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_DURATION_INVALID` for a negative, endless or unreadable value
 * @example
 * ```ts
 * toMs('30s', 'minReady') // 30_000
 * ```
 */
export function toMs(duration: Duration, field: string): number {
  const value = typeof duration === 'number' ? duration : parse(duration)
  if (Number.isFinite(value) && value >= 0) return Math.round(value)
  throw refuse('CHANGEOVER_MIGRATIONS_DURATION_INVALID', { field, value: String(duration) })
}

function parse(text: string): number {
  const [, count, unit] = SHAPE.exec(text) ?? []
  return Number(count) * (UNIT_MS.get(unit ?? '') ?? Number.NaN)
}
