const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago, or how much longer, in two units at most: `45s`, `4m10s`, `2h5m`, `3d4h`. */
export function shortSpan(ms: number): string {
  const whole = Math.max(0, Math.round(ms / SECOND)) * SECOND
  if (whole < MINUTE) return `${whole / SECOND}s`
  if (whole < HOUR) return twoUnits(whole, MINUTE, 'm', SECOND, 's')
  if (whole < DAY) return twoUnits(whole, HOUR, 'h', MINUTE, 'm')
  return twoUnits(whole, DAY, 'd', HOUR, 'h')
}

function twoUnits(ms: number, large: number, one: string, small: number, other: string): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)}${one}${rest > 0 ? `${rest}${other}` : ''}`
}

/** Basis points as a percentage: `2_550` is `25.5%`. */
export function percentOf(basisPoints: number): string {
  return `${basisPoints / 100}%`
}

/** A share, of what was seen: `0.31%`. */
export function shareOf(part: number, whole: number): string {
  if (whole === 0) return '-'
  const percent = (part / whole) * 100
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toPrecision(2)}%`
}

/** `1 instance`, `2 instances`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** Local time with seconds, for lines of a log. */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** Local date and time, to the second. */
export function dateAndTime(at: number): string {
  const date = new Date(at)
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return `${day.map((part) => String(part).padStart(2, '0')).join('-')} ${timeOfDay(at)}`
}
