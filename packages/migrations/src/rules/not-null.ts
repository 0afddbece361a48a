import type { Constraint } from 'libpg-query'
import type { Column, Relation } from '../catalog/catalog.ts'
import {
  columnNames,
  columnNeed,
  findColumn,
  isNewColumn,
  serverRefuses,
  tableEffect,
  targetLocks,
} from './alter-target.ts'
import type { AlterRule, AlterTarget } from './alter-target.ts'
import type { Effect, LockWork, TableWork } from './effect.ts'
import { nullRefusals } from './column-refusals.ts'
import { lockOn } from './effects.ts'
import { quoted } from './object-names.ts'
import { nodesOf } from './rule-context.ts'
import { anyWriteNeed, writeNeeds } from './write-needs.ts'

/** SET NOT NULL. */
export const setNotNull: AlterRule = ({ name = '' }, target) => {
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  if (column?.notNull && !hasUnproved(target.relation, name)) return [alreadyNotNull(name, target)]
  return [tightened(column, name, target, columnNames(target, name))]
}

/** ADD CONSTRAINT ... NOT NULL (18+). */
export function addNotNull(constraint: Constraint, target: AlterTarget): readonly Effect[] {
  const name = nodesOf(constraint.keys, 'String')[0]?.sval ?? ''
  const names = columnNames(target, name)
  if (target.context.version < 18)
    return [serverRefuses('NOT NULL as a table constraint exists from PostgreSQL 18', names)]
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  if (column?.notNull) return [alreadyNotNull(name, target)]
  if (!constraint.skip_validation) return [tightened(column, name, target, names)]
  const named = {
    ...names,
    constraint: quoted(constraint.conname ?? `${target.relation.name}_${name}_not_null`),
  }
  return [
    tableEffect(
      'add-not-null-not-valid',
      named,
      targetLocks(target),
      withOldRows(tightening(target, name, column), target),
    ),
  ]
}

/** A row that is null there cannot be updated any more, whichever column is written. */
function withOldRows(effect: Partial<Effect>, { relation }: AlterTarget): Partial<Effect> {
  return { ...effect, narrows: [...(effect.narrows ?? []), anyWriteNeed(relation)] }
}

/** DROP NOT NULL. */
export const dropNotNull: AlterRule = ({ name = '' }, target) => {
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const narrows =
    isNewColumn(target, name) || column?.notNull === false ? [] : [columnNeed(target, name)]
  const own = tableEffect('drop-not-null', columnNames(target, name), targetLocks(target), {
    narrows,
  })
  return [own, ...nullRefusals(target, name)]
}

function alreadyNotNull(name: string, target: AlterTarget): Effect {
  return tableEffect('set-not-null-again', columnNames(target, name), targetLocks(target))
}

function tightened(
  column: Column | undefined,
  name: string,
  target: AlterTarget,
  names: Effect['names'],
): Effect {
  const locks = scanLocks(target, name)
  const rule =
    locks.some(({ work }) => work !== 'none') || target.relation.isNew
      ? 'set-not-null'
      : 'set-not-null-with-check'
  return tableEffect(rule, names, locks, tightening(target, name, column))
}

/**
 * Who writes without the column is refused from now on: certain where the column came with this plan and nothing fills it, a
 * condition where older releases know it.
 */
function tightening(
  target: AlterTarget,
  name: string,
  column: Column | undefined,
): Partial<Effect> {
  const narrows = writeNeeds(target.relation, [name])
  const unfilled = isNewColumn(target, name) && column?.filled === undefined
  return unfilled
    ? { phase: 'tighten', classes: ['compat'], narrows }
    : { phase: 'tighten', narrows }
}

function scanLocks(target: AlterTarget, column: string): LockWork[] {
  const { relation, below, context } = target
  const isKnown = (each: Relation): boolean =>
    context.version >= 12 && proves(asScanned(each, target), column)
  const proved = isKnown(relation)
  return [relation, ...below].flatMap((each) => {
    const isProved = proved || isKnown(each)
    const work: TableWork =
      isProved || each.kind === 'partitioned' || each.kind === 'foreign-table' ? 'none' : 'scan'
    return lockOn(each, 'ACCESS EXCLUSIVE', work)
  })
}

/** The server drops what a statement drops before it looks for a proof. */
function asScanned(relation: Relation, { commands }: AlterTarget): Relation {
  const dropped = commands.flatMap(({ subtype, name = '' }) =>
    subtype === 'AT_DropConstraint' ? [name] : [],
  )
  if (dropped.length === 0) return relation
  const left = [...relation.constraints].filter(([name]) => !dropped.includes(name))
  return { ...relation, constraints: new Map(left) }
}

/** Whether the server knows without looking that no row has a null there. */
export function proves({ columns, constraints }: Relation, column: string): boolean {
  const checked = [...constraints.values()].some(
    ({ kind, valid, provesNotNull }) => kind === 'check' && valid && provesNotNull.includes(column),
  )
  return checked || (columns.get(column)?.notNull === true && !hasUnproved({ constraints }, column))
}

/** A NOT NULL that was added NOT VALID (18+) and not validated since. */
function hasUnproved({ constraints }: Pick<Relation, 'constraints'>, column: string): boolean {
  return [...constraints.values()].some(
    ({ kind, valid, columns }) => kind === 'not-null' && !valid && columns.includes(column),
  )
}
