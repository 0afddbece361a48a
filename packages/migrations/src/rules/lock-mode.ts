/** Table locks of PostgreSQL, weakest first, in the order in which the manual lists them. */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

/** A mode that a table is locked in. */
export type LockMode = (typeof LOCK_MODES)[number]

/** The stronger of two modes. */
export function strongerMode(one: LockMode, other: LockMode): LockMode {
  return LOCK_MODES.indexOf(one) >= LOCK_MODES.indexOf(other) ? one : other
}

/** Whether a mode is at least as strong as another. */
export function atLeast(mode: LockMode, least: LockMode): boolean {
  return strongerMode(mode, least) === mode
}
