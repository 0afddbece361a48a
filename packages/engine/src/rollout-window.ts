import { isInHours, nextHoursChange, type WindowHours } from './window-hours.ts'

/** A time in which nothing is begun, whatever the hours say. */
export interface WindowFreeze {
  readonly fromMs: number
  readonly toMs: number
  readonly reason: string
}

/** What becomes of a rollout that is under way when its window closes. */
export type OnClose =
  /** It goes on to its end. */
  | 'finish'
  /** It begins nothing new, and the clock of its gates stands still until the window opens again. */
  | 'hold'
  /** The new release is taken back. */
  | 'roll-back'

/** When the steps of a plan may begin, as data. */
export interface RolloutWindow {
  /** @default at any time */
  readonly hours?: WindowHours
  readonly freezes: readonly WindowFreeze[]
  readonly onClose: OnClose
}

/** Freezes that follow each other; more of them than this can only be a mistake. */
const MOST_CHANGES = 1_000

/**
 * Whether the window is open at an instant, in milliseconds since the epoch. Pure.
 *
 * @example
 * ```ts
 * const hours = { days: ['mon'], fromMinute: 540, toMinute: 1020, timeZone: 'Europe/Berlin' } as const
 * isOpen({ hours, freezes: [], onClose: 'hold' }, Date.parse('2026-06-01T10:00:00+02:00')) // true: a Monday
 * ```
 */
export function isOpen(window: RolloutWindow, atMs: number): boolean {
  return frozenBy(window, atMs) === undefined && (!window.hours || isInHours(window.hours, atMs))
}

/** The first instant from `atMs` on at which the window is open; undefined where there is none. Pure. */
export function nextOpening(window: RolloutWindow, atMs: number): number | undefined {
  let at = atMs
  for (let n = 0; n < MOST_CHANGES; n += 1) {
    const freeze = frozenBy(window, at)
    if (freeze) at = freeze.toMs
    else if (!window.hours || isInHours(window.hours, at)) return at
    else {
      const change = nextHoursChange(window.hours, at, true)
      if (change === undefined) return undefined
      at = change
    }
  }
  return undefined
}

/** The first instant after `atMs` at which an open window closes; undefined where it never does. Pure. */
export function nextClosing(window: RolloutWindow, atMs: number): number | undefined {
  const hours = window.hours && nextHoursChange(window.hours, atMs, false)
  const freezes = window.freezes.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > atMs)
  const first = Math.min(hours ?? Infinity, ...freezes)
  return first === Infinity ? undefined : first
}

/** Why the window is closed at an instant, for people; undefined where it is open. Pure. */
export function closedBecause(window: RolloutWindow, atMs: number): string | undefined {
  if (isOpen(window, atMs)) return undefined
  const freeze = frozenBy(window, atMs)
  return freeze ? `freeze: ${freeze.reason}` : 'outside of the window'
}

function frozenBy({ freezes }: RolloutWindow, atMs: number): WindowFreeze | undefined {
  return freezes.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
}
