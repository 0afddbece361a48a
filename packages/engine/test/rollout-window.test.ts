import {
  isOpen,
  nextClosing,
  nextOpening,
  type RolloutWindow,
  type Weekday,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const WEEK: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const MINUTE_MS = 60_000

function window(
  from: number,
  to: number,
  {
    days = WEEK,
    timeZone = 'Europe/Berlin',
    freezes = [],
  }: {
    days?: readonly Weekday[]
    timeZone?: string
    freezes?: RolloutWindow['freezes']
  } = {},
): RolloutWindow {
  return {
    hours: { days, fromMinute: from * 60, toMinute: to * 60, timeZone },
    freezes,
    onClose: 'hold',
  }
}

const at = (text: string): number => Date.parse(text)

describe('a window', () => {
  test.each([
    ['2026-06-01T09:00:00+02:00', true],
    ['2026-06-01T08:59:59+02:00', false],
    ['2026-06-01T16:59:59+02:00', true],
    ['2026-06-01T17:00:00+02:00', false],
    // The same hour of UTC in winter is another hour of the place.
    ['2026-12-01T08:30:00Z', true],
    ['2026-06-01T15:30:00Z', false],
    // A Saturday.
    ['2026-06-06T10:00:00+02:00', false],
  ])('from nine to five on working days at %s: open is %s', (instant, open) => {
    expect(isOpen(window(9, 17, { days: WEEK.slice(0, 5) }), at(instant))).toBe(open)
  })

  test('over midnight belongs to the day on which it begins', () => {
    const friday = window(22, 4, { days: ['fri'] })
    expect(isOpen(friday, at('2026-06-06T03:00:00+02:00'))).toBe(true)
    expect(isOpen(friday, at('2026-06-05T03:00:00+02:00'))).toBe(false)
    expect(isOpen(friday, at('2026-06-05T23:00:00+02:00'))).toBe(true)
  })

  test.each([
    ['the next morning', '2026-06-01T20:00:00+02:00', '2026-06-02T09:00:00+02:00'],
    ['after the weekend', '2026-06-05T17:00:00+02:00', '2026-06-08T09:00:00+02:00'],
    ['at once where it is open', '2026-06-02T10:11:12+02:00', '2026-06-02T10:11:12+02:00'],
    ['over the change to summer time', '2026-03-28T12:00:00+01:00', '2026-03-30T09:00:00+02:00'],
    ['over the change to winter time', '2026-10-24T12:00:00+02:00', '2026-10-26T09:00:00+01:00'],
  ])('opens %s', (_, from, expected) => {
    const opening = nextOpening(window(9, 17, { days: WEEK.slice(0, 5) }), at(from))
    expect(new Date(opening!).toISOString()).toBe(new Date(expected).toISOString())
  })

  test('whose beginning is left out by a clock change opens when the clock has jumped', () => {
    const early: RolloutWindow = {
      hours: { days: ['sun'], fromMinute: 150, toMinute: 300, timeZone: 'Europe/Berlin' },
      freezes: [],
      onClose: 'hold',
    }
    expect(nextOpening(early, at('2026-03-29T00:00:00+01:00'))).toBe(
      at('2026-03-29T03:00:00+02:00'),
    )
  })

  test('is closed during a freeze, and opens after it', () => {
    const freeze = {
      fromMs: at('2026-06-01T12:00:00+02:00'),
      toMs: at('2026-06-03T06:00:00+02:00'),
      reason: 'fair',
    }
    const frozen = window(9, 17, { freezes: [freeze] })
    expect(nextClosing(frozen, at('2026-06-01T10:00:00+02:00'))).toBe(freeze.fromMs)
    expect(nextOpening(frozen, freeze.fromMs)).toBe(at('2026-06-03T09:00:00+02:00'))
  })

  test('at all times never closes', () => {
    expect(nextClosing(window(0, 24), at('2026-06-01T10:00:00+02:00'))).toBeUndefined()
  })
})

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC']
const anyWindow = fc
  .record({
    from: fc.integer({ min: 0, max: 1_439 }),
    length: fc.integer({ min: 1, max: 1_439 }),
    days: fc.subarray(WEEK, { minLength: 1 }),
    timeZone: fc.constantFrom(...zones),
  })
  .map(({ from, length, days, timeZone }): RolloutWindow => {
    const toMinute = (from + length) % 1_440
    return { hours: { days, fromMinute: from, toMinute, timeZone }, freezes: [], onClose: 'hold' }
  })
const anyMinute = fc
  .integer({
    min: at('2026-01-01T00:00:00Z') / MINUTE_MS,
    max: at('2027-12-31T00:00:00Z') / MINUTE_MS,
  })
  .map((minute) => minute * MINUTE_MS)

test('the next opening is the first open minute: it is open, and the minute before is not', () => {
  fc.assert(
    fc.property(anyWindow, anyMinute, (some, now) => {
      const opening = nextOpening(some, now)
      if (opening === undefined) return false
      if (opening === now) return isOpen(some, now)
      return isOpen(some, opening) && !isOpen(some, opening - MINUTE_MS) && opening > now
    }),
    { numRuns: 300 },
  )
})

test('nothing is open between now and the next opening', () => {
  fc.assert(
    fc.property(
      anyWindow,
      anyMinute,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (some, now, share) => {
        const opening = nextOpening(some, now)!
        const between = now + (opening - now) * share
        return between >= opening || !isOpen(some, between)
      },
    ),
    { numRuns: 300 },
  )
})
