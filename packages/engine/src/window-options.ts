import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import type { OnClose, RolloutWindow, WindowFreeze } from './rollout-window.ts'
import type { Weekday } from './window-hours.ts'
import { isTimeZone } from './window-hours.ts'

/** When the steps of a rollout may begin. */
export interface WindowOptions {
  /** @default every day */
  readonly days?: readonly Weekday[]
  /** Time of the day such as `'09:00'`. */
  readonly from: string
  /** Time of the day up to `'24:00'`; before `from`, it is on the next day. */
  readonly to: string
  /** Name of the IANA time zone database, such as `'Europe/Berlin'`. */
  readonly timeZone: string
  /** @default 'hold' */
  readonly onClose?: OnClose
}

/** A time in which nothing is begun. */
export interface FreezeOptions {
  /** Milliseconds since the epoch, or a date with its offset such as `'2026-12-24T00:00:00+01:00'`. */
  readonly from: number | string
  readonly to: number | string
  readonly reason: string
}

export interface WindowWish {
  /** When steps may begin. @default at any time */
  readonly window?: WindowOptions
  /** When no step may begin, whatever the window says; it closes for them as the window does. @default never */
  readonly freezes?: readonly FreezeOptions[]
}

const WEEK: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const TIME = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

export const windowSchema: z.ZodType<WindowOptions> = z.strictObject({
  days: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).exactOptional(),
  from: z.string(),
  to: z.string(),
  timeZone: z.string(),
  onClose: z.enum(['finish', 'hold', 'roll-back']).exactOptional(),
})

const instantSchema = z.union([z.number(), z.string()])

export const freezesSchema: z.ZodType<readonly FreezeOptions[]> = z.array(
  z.strictObject({ from: instantSchema, to: instantSchema, reason: z.string().min(1) }),
)

/**
 * The window as a plan holds it, or undefined where nothing was asked for. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` for times and zones that do not exist, and windows that never open
 */
export function readWindow({ window, freezes = [] }: WindowWish): RolloutWindow | undefined {
  if (!window && freezes.length === 0) return undefined
  const read = {
    freezes: freezes.map(readFreeze).sort((a, b) => a.fromMs - b.fromMs),
    onClose: window?.onClose ?? 'hold',
  }
  return window ? { hours: readHours(window), ...read } : read
}

function readHours({
  days = WEEK,
  from,
  to,
  timeZone,
}: WindowOptions): RolloutWindow['hours'] & {} {
  if (days.length === 0) throw invalid('window.days', days, 'it would never open', 'Name a day.')
  if (!isTimeZone(timeZone)) {
    const remedy = "Give a name of the IANA database, such as 'Europe/Berlin' or 'UTC'."
    throw invalid('window.timeZone', timeZone, 'this machine knows no such time zone', remedy)
  }
  const [fromMinute, toMinute] = [readTime('window.from', from), readTime('window.to', to)]
  if (fromMinute === toMinute || fromMinute === 1_440) {
    const remedy = "Give two times; the whole day is from '00:00' to '24:00'."
    throw invalid('window.from', from, 'it would never open', remedy)
  }
  return { days: WEEK.filter((day) => days.includes(day)), fromMinute, toMinute, timeZone }
}

function readTime(field: string, time: string): number {
  const match = TIME.exec(time)
  if (!match) throw invalid(field, time, 'it is no time of the day', "Give a time such as '09:00'.")
  const [, hours, minutes] = match
  return hours === undefined ? 1_440 : Number(hours) * 60 + Number(minutes)
}

function readFreeze({ from, to, reason }: FreezeOptions, index: number): WindowFreeze {
  const field = `freezes.${index}`
  const [fromMs, toMs] = [readInstant(`${field}.from`, from), readInstant(`${field}.to`, to)]
  if (fromMs < toMs) return { fromMs, toMs, reason }
  throw invalid(`${field}.to`, to, 'it ends before it begins', 'Give a later end.')
}

function readInstant(field: string, instant: number | string): number {
  const text = typeof instant === 'string' && DATE.test(instant)
  const at = text ? Date.parse(instant) : typeof instant === 'number' ? instant : Number.NaN
  if (Number.isFinite(at)) return at
  const remedy = "Give a date with its offset such as '2026-12-24T00:00:00+01:00'."
  throw invalid(field, instant, 'it is no instant', remedy)
}

function invalid(name: string, value: unknown, problem: string, remedy: string): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', { field: `start.${name}`, value, problem, remedy })
}
