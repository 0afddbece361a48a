export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** Hours of the week, in the time of a place. */
export interface WindowHours {
  /** The days on which they begin. */
  readonly days: readonly Weekday[]
  /** Minutes after midnight. */
  readonly fromMinute: number
  /** Minutes after midnight, up to 1440; before `fromMinute`, it is on the next day. */
  readonly toMinute: number
  /** Name of the IANA time zone database, such as `Europe/Berlin`. */
  readonly timeZone: string
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** Further than clocks are ever set forward or back at once. */
const CLOCK_CHANGE_MINUTES = 130
/** A week, and the day on which a clock change swallowed the boundary. */
const DAYS_AHEAD = 8

const DAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Where the week stands at some place. */
interface LocalTime {
  /** 0 for Sunday. */
  readonly day: number
  readonly minute: number
}

/** Whether an instant lies in the hours. Pure. */
export function isInHours(
  { days, fromMinute, toMinute, timeZone }: WindowHours,
  atMs: number,
): boolean {
  const { day, minute } = localTime(atMs, timeZone)
  const begins = (on: number): boolean => days.some((name) => name === DAYS[on])
  if (fromMinute < toMinute) return begins(day) && minute >= fromMinute && minute < toMinute
  return minute >= fromMinute ? begins(day) : minute < toMinute && begins((day + 6) % 7)
}

/**
 * The first whole minute after `atMs` at which the hours begin (`opening`) or end; undefined where they do neither.
 * Found by looking around each boundary, since clock changes move it, repeat it or leave it out. Pure.
 */
export function nextHoursChange(
  hours: WindowHours,
  atMs: number,
  opening: boolean,
): number | undefined {
  const { minute } = localTime(atMs, hours.timeZone)
  const boundary = opening ? hours.fromMinute : hours.toMinute
  const floorMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS
  for (let day = -1; day <= DAYS_AHEAD; day += 1) {
    const aroundMs = floorMs + (day * DAY_MINUTES + boundary - minute) * MINUTE_MS
    for (let off = -CLOCK_CHANGE_MINUTES; off <= CLOCK_CHANGE_MINUTES; off += 1) {
      const at = aroundMs + off * MINUTE_MS
      if (at > atMs && isInHours(hours, at) === opening) return at
    }
  }
  return undefined
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localTime(atMs: number, timeZone: string): LocalTime {
  const parts = formatIn(timeZone).formatToParts(atMs)
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? ''
  return {
    day: DAYS.findIndex((day) => day === part('weekday').toLowerCase()),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  }
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  formats.set(timeZone, format)
  return format
}

/** Whether this machine knows a time zone by this name. */
export function isTimeZone(name: string): boolean {
  try {
    formatIn(name)
    return true
  } catch {
    return false
  }
}
