/** The number in front of a name: `1`, `20240102`, `2024-01-02`, `1.2`. Undefined where there is none. */
export function versionOf(name: string): string | undefined {
  return /^\d+(?:[_.-]\d+(?=[_.-]|$))*/.exec(name)?.[0]
}

/** The digits in front, as node-pg-migrate takes them: 17 of them are a date, which it compares in milliseconds. */
export function leadingNumber(name: string): string | undefined {
  const [digits] = /^\d+/.exec(name) ?? []
  if (digits?.length !== 17) return digits
  const [, year, month, day, hour, minute, second, rest] =
    /^(....)(..)(..)(..)(..)(..)(...)$/.exec(digits) ?? []
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${rest}Z`)
  return Number.isNaN(time) ? digits : String(time)
}

/** Compares versions number by number, however many digits they have; `1` and `1.0` are the same. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [numbersOf(one), numbersOf(other)]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = compareNumbers(left[index] ?? '', right[index] ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** Compares names as sorting by bytes does. */
export function compareNames(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function numbersOf(version: string): string[] {
  return version.split(/\D+/).map((digits) => digits.replace(/^0+/, ''))
}

function compareNumbers(one: string, other: string): number {
  return one.length - other.length || compareNames(one, other)
}
