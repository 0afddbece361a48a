import { blocking, breaking, harmless, undecided } from '../rules/effects.ts'
import type { Effect, Need } from '../rules/effect.ts'
import type { Work } from './actions.ts'
import type { MysqlTable } from './schema.ts'

/** An effect, and how much work it makes the server do: an explicit LOCK=NONE takes the lock out of it, not the rest. */
export interface MysqlEffect {
  readonly work: Work
  readonly effect: Effect
}

type Names = Effect['names']
type More = Partial<Omit<Effect, 'rule' | 'names'>>

/** Hurts nobody. */
export function light(
  rule: string,
  names: Names,
  work: Work = 'instant',
  more: More = {},
): MysqlEffect {
  return { work, effect: harmless(rule, names, more) }
}

/** Keeps writers waiting while the server works through the table. */
export function heavy(
  rule: string,
  names: Names,
  work: Work = 'copy',
  more: More = {},
): MysqlEffect {
  return { work, effect: blocking(rule, names, [], more) }
}

/** Takes away what may be in use. */
export function taking(
  rule: string,
  names: Names,
  removes: readonly Need[],
  work: Work = 'instant',
): MysqlEffect {
  return { work, effect: breaking(rule, names, { removes }) }
}

/** What cannot be told from the text. */
export function unread(rule: string, names: Names): MysqlEffect {
  return { work: 'instant', effect: undecided(rule, ['compat', 'lock'], names) }
}

/** The need of a column, or of the whole table. */
export function needOf({ name }: MysqlTable, column?: string): Need {
  const object = name
  return column === undefined
    ? { kind: 'relation', object }
    : { kind: 'column', object, member: column.toLowerCase() }
}

/** The need to leave a column out of an INSERT. */
export function insertNeed({ name }: MysqlTable, column: string): Need {
  return { kind: 'insert', object: name, member: column.toLowerCase() }
}
