import type { ColumnDef, Node } from 'libpg-query'
import type { Column, ColumnType, Index, Relation } from '../catalog/catalog.ts'
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
import type { Effect, LockWork, Need, TableWork } from './effect.ts'
import { partitionRefusal, typeRefusals } from './column-refusals.ts'
import { lockOn } from './effects.ts'
import { listName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import { referencing, sequencesOf } from './relation-family.ts'
import { typeChangeWork } from './type-change.ts'
import type { TypeChangeWork } from './type-change.ts'
import { isSerial, typeText } from './type-text.ts'

interface TypeChange {
  readonly target: AlterTarget
  readonly column: Column
  readonly to: ColumnType
  readonly def: ColumnDef
  readonly names: Effect['names']
}

/** ALTER COLUMN TYPE. */
export const changeType: AlterRule = ({ name = '', def }, target) => {
  const definition = nodeOf(def, 'ColumnDef')
  const { column, refusal } = findColumn(target, name)
  if (refusal || !definition) return refusal ? [refusal] : []
  const to = target.context.catalog.columnType(definition.typeName ?? {})
  const names = { ...columnNames(target, name), type: typeText(to) }
  const written = nodesOf(definition.typeName?.names, 'String').map(({ sval = '' }) => sval)
  if (written.length === 1 && isSerial(written[0] ?? ''))
    return [serverRefuses(`${written[0]} is no type, only a way to write a new column`, names)]
  if (!column) return [undecided(target, name, names)]
  return [
    ...partitionRefusal(target, name),
    ...typeRefusals(target, name),
    judged({ target, column, to, def: definition, names }),
  ]
}

/** Without the old type nobody can tell whether the rows stay as they are. */
function undecided(target: AlterTarget, name: string, names: Effect['names']): Effect {
  return tableEffect('change-type-unknown', names, targetLocks(target), {
    verdict: 'unknown',
    classes: ['compat', 'lock'],
    phase: 'contract',
    narrows: [columnNeed(target, name)],
  })
}

function judged(change: TypeChange): Effect {
  const heap = workOf(change)
  if (heap === 'rewrite') return rewrite(change)
  const indexes = rebuilt(change, heap)
  if (indexes.length > 0) return effectOf('change-type-reindex', 'index-build', change)
  return isChecked(change) ? effectOf('change-type-checked', 'scan', change) : unworked(change)
}

function unworked(change: TypeChange): Effect {
  const { column, to, def } = change
  const noChange = typeText(column.type) === typeText(to) && !def.raw_default && !def.collClause
  return effectOf(noChange ? 'change-type-same' : 'change-type-safe', 'none', change)
}

function rewrite(change: TypeChange): Effect {
  const known = isNewColumn(change.target, change.column.name)
  const effect = effectOf('change-type-rewrite', 'rewrite', change)
  if (known) return effect
  return {
    ...effect,
    verdict: 'unsafe',
    phase: 'contract',
    classes: [...new Set(['compat' as const, ...effect.classes])],
  }
}

function effectOf(rule: string, work: TableWork, change: TypeChange): Effect {
  const { target, column, names } = change
  const locks = [
    ...targetLocks(target, 'ACCESS EXCLUSIVE', work),
    ...referencingLocks(change, work),
    ...identityLocks(change),
  ]
  const narrows =
    isNewColumn(target, column.name) || rule === 'change-type-same' ? [] : [narrowed(rule, change)]
  return tableEffect(rule, { ...names, old: typeText(column.type) }, locks, { narrows })
}

/** Text that may be longer, or numbers that may be larger, are the same to all but statements prepared before. */
function narrowed(rule: string, { target, column, to }: TypeChange): Need {
  const need = columnNeed(target, column.name)
  const alike = rule === 'change-type-safe' && family(column.type) === family(to)
  return alike ? { ...need, kind: 'shape' } : need
}

function family({ name }: ColumnType): string {
  return name === 'varchar' ? 'text' : name
}

/** Foreign keys on the column are dropped and added again, and checked where the type is another one. */
function referencingLocks({ target, column, to }: TypeChange, work: TableWork): LockWork[] {
  const { relation, context } = target
  const checked = work === 'rewrite' && column.type.name !== to.name
  const incoming = referencing(context.catalog, relation, column.name)
  const outgoing = [...relation.constraints.values()].flatMap(({ kind, columns, references }) =>
    kind === 'foreign' && references && columns.includes(column.name)
      ? (context.catalog.relationById(references.relation) ?? [])
      : [],
  )
  return [...incoming, ...outgoing].flatMap((each: Relation) =>
    lockOn(each, 'ACCESS EXCLUSIVE', checked ? 'scan' : 'none'),
  )
}

/** The sequence of an identity gets the type of its column. */
function identityLocks({ target, column, to }: TypeChange): LockWork[] {
  if (!column.filled?.startsWith('identity') || column.type.name === to.name) return []
  const sequences = sequencesOf(target.context.catalog, target.relation, column.name)
  return sequences.flatMap((each) => lockOn(each, 'SHARE ROW EXCLUSIVE'))
}

/** What storing the values anew costs, by way of every cast that USING goes through. */
function workOf({ target, column, to, def }: TypeChange): TypeChangeWork {
  const { catalog, version } = target.context
  const session = { version, timeZone: catalog.timeZone }
  const path = castsOf(def.raw_default, column.name)
  if (!path) return 'rewrite'
  const steps = [column.type, ...path.map((type) => catalog.columnType(type)), to]
  const works = new Set(
    steps
      .slice(1)
      .map((each, place) => typeChangeWork(steps[place] ?? each, each, catalog, session)),
  )
  if (works.has('rewrite')) return 'rewrite'
  return works.has('reindex') ? 'reindex' : 'none'
}

type CastType = Exclude<ColumnDef['typeName'], undefined>

/** The types that an expression casts the column to, innermost first; undefined where it does anything else. */
function castsOf(expression: Node | undefined, column: string): CastType[] | undefined {
  if (!expression) return []
  const fields = nodeOf(expression, 'ColumnRef')?.fields
  if (fields) return listName(fields).name === column ? [] : undefined
  const cast = nodeOf(expression, 'TypeCast')
  const inner = cast && castsOf(cast.arg, column)
  return inner && cast.typeName && cast.arg ? [...inner, cast.typeName] : undefined
}

/** Indexes that are built anew although the rows stay: those of another order, and all with a WHERE or an expression. */
function rebuilt({ target, column, def }: TypeChange, heap: TypeChangeWork): Index[] {
  const reordered = heap === 'reindex' || changesCollation(def, column)
  return [target.relation, ...target.below].flatMap((relation) =>
    [...relation.indexes.values()].filter(
      ({ mentions, partial }) => mentions.includes(column.name) && (reordered || partial),
    ),
  )
}

function changesCollation({ collClause }: ColumnDef, { collation }: Column): boolean {
  if (!collClause) return collation !== undefined && collation !== 'default'
  return nodesOf(collClause.collname, 'String').at(-1)?.sval !== (collation ?? 'default')
}

function isChecked({ target, column }: TypeChange): boolean {
  return [...target.relation.constraints.values()].some(
    ({ kind, columns }) => kind === 'check' && columns.includes(column.name),
  )
}
