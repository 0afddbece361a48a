import type { Effect, Need } from '../rules/effect.ts'
import { breaking, harmless } from '../rules/effects.ts'
import type { LiteColumn, LiteRelation } from './snapshot.ts'

/** A relation before and after, as those who knew it before see it. */
export interface Change {
  readonly before: LiteRelation
  readonly after: LiteRelation
  /** As it is once the whole migration has run; what is back by then was never gone. */
  readonly end: LiteRelation
  /** As it was before the plan; undefined columns came with the plan, and nobody knows them. */
  readonly origin: LiteRelation
  /** The statement says RENAME, and to what. */
  readonly renamedTo: string | undefined
}

/** What a change of a table or view takes away from those who use it, or asks of those who write to it. */
export function relationEffects(change: Change): Effect[] {
  const { before, after } = change
  const columns = [...before.columns.values()].flatMap((column) => columnEffects(change, column))
  const added = [...after.columns.values()].filter(
    ({ name }) => !before.columns.has(name.toLowerCase()),
  )
  return [
    ...columns,
    ...added.flatMap((column) => addedEffects(change, column)),
    ...tableEffects(change),
  ]
}

function need({ before }: Change, column?: string): Need {
  const object = before.name
  return column === undefined
    ? { kind: 'relation', object }
    : { kind: 'column', object, member: column }
}

function insertNeed({ before }: Change, member: string): Need {
  return { kind: 'insert', object: before.name, member }
}

function columnEffects(change: Change, column: LiteColumn): Effect[] {
  const key = column.name.toLowerCase()
  const after = change.after.columns.get(key)
  const names = {
    table: change.before.name,
    column: column.name,
    type: after?.type ?? '',
    old: column.type,
  }
  if (!change.origin.columns.has(key)) return []
  if (!after) return change.end.columns.has(key) ? [] : [gone(change, column, names)]
  return [...stricter(change, column, after, names), ...otherType(change, column, after, names)]
}

function gone(change: Change, column: LiteColumn, names: Effect['names']): Effect {
  const removes = [need(change, column.name)]
  const { renamedTo } = change
  if (renamedTo === undefined) return breaking('drop-column', names, { removes })
  return breaking('rename-column', { ...names, new: renamedTo }, { removes })
}

function stricter(
  change: Change,
  before: LiteColumn,
  after: LiteColumn,
  names: Effect['names'],
): Effect[] {
  if (!after.notNull) return []
  const narrows = [need(change, before.name), insertNeed(change, before.name)]
  if (!before.notNull) return [breaking('set-not-null', names, { phase: 'tighten', narrows })]
  const isLost = before.filled && !after.filled
  return isLost ? [breaking('drop-default-required', names, { narrows })] : []
}

/** Values are stored as they come in and are read by the type that they have: another affinity may read them otherwise. */
function otherType(
  change: Change,
  before: LiteColumn,
  after: LiteColumn,
  names: Effect['names'],
): Effect[] {
  if (affinity(before.type) === affinity(after.type)) return []
  return [harmless('change-type', names, { narrows: [need(change, before.name)] })]
}

/** As the manual has it, rule by rule. */
function affinity(type: string): string {
  if (/int/i.test(type)) return 'integer'
  if (/char|clob|text/i.test(type)) return 'text'
  if (/blob/i.test(type) || type === '') return 'blob'
  return /real|floa|doub/i.test(type) ? 'real' : 'numeric'
}

function addedEffects(change: Change, { name, type, notNull, filled }: LiteColumn): Effect[] {
  const names = { table: change.before.name, column: name, type }
  if (!notNull || filled) return []
  return [
    breaking('add-column-required', names, {
      phase: 'tighten',
      narrows: [insertNeed(change, name)],
    }),
  ]
}

function tableEffects(change: Change): Effect[] {
  const { before, after, end } = change
  const names = { table: before.name, object: before.name, view: before.name, constraint: '' }
  const narrows = [need(change)]
  if (before.writable && !after.writable && !end.writable)
    return [breaking('view-not-writable', names, { narrows })]
  const tightened = { phase: 'tighten', narrows } as const
  const isChecked = after.checks > before.checks
  const isTied = [...after.foreignKeys].some((each) => !before.foreignKeys.has(each))
  return [
    ...keyEffects(change, names),
    ...(isChecked ? [harmless('add-check-valid', names, tightened)] : []),
    ...(isTied ? [harmless('add-foreign-key', { ...names, columns: '' }, tightened)] : []),
  ]
}

/** Keys that are gone, by which an upsert finds its row, and keys that refuse what was fine. */
function keyEffects(change: Change, names: Effect['names']): Effect[] {
  const { before, after, end, origin } = change
  const isGone = (key: string): boolean =>
    origin.uniques.has(key) &&
    !after.uniques.has(key) &&
    !end.uniques.has(key) &&
    key.split(',').every((column) => after.columns.has(column))
  const lost = [...before.uniques]
    .filter(isGone)
    .map((member) =>
      breaking(
        'drop-unique-index',
        { ...names, index: member, columns: member },
        { removes: [{ kind: 'unique', object: before.name, member }] },
      ),
    )
  const more = [...after.uniques].filter((key) => !before.uniques.has(key))
  const tightened = { phase: 'tighten', narrows: [need(change)] } as const
  const gained = more.map((columns) =>
    harmless('create-unique-index', { ...names, index: columns, columns }, tightened),
  )
  return [...lost, ...gained]
}
