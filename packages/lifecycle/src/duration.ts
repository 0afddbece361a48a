/** A number of milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'1h'` or `'1d'`. */
export type Duration = number | string

/** The longest delay that a Node timer can hold; a longer one would fire at once. */
const longestMs = 2_147_483_647

/** Milliseconds of a duration, or `undefined` when it is not one: negative, endless, or other text. */
export function parseDuration(value: Duration): number | undefined {
  const parsed = typeof value === 'number' ? value : parseText(value)
  return parsed !== undefined && parsed >= 0 && parsed <= longestMs ? parsed : undefined
}

const SHAPE = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

function parseText(text: string): number | undefined {
  const [, count, unit] = SHAPE.exec(text) ?? []
  const unitMs = UNIT_MS.get(unit ?? '')
  return unitMs === undefined ? undefined : Number(count) * unitMs
}
