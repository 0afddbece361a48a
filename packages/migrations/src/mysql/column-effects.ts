import type { Effect } from '../rules/effect.ts'
import type { ColumnDefinition } from './column-definition.ts'
import { heavy, insertNeed, light, needOf, taking, unread } from './effects.ts'
import type { MysqlEffect } from './effects.ts'
import type { MysqlServer } from './lexis.ts'
import type { MysqlColumn, MysqlTable } from './schema.ts'
import { sameName } from './schema.ts'
import { typeChange } from './type-change.ts'

type Names = Effect['names']

/** ADD COLUMN. MySQL copies the table in order to add a check; MariaDB knows that a new column breaks none. */
export function addColumnEffects(
  table: MysqlTable,
  column: ColumnDefinition,
  dialect: MysqlServer['dialect'],
): MysqlEffect[] {
  const names = { table: table.name, column: column.name, type: typeText(column) }
  const effects = [...filling(column, names), ...required(table, column, names)]
  if (column.check && dialect === 'mysql') effects.push(heavy('add-column-check', names))
  if (column.key === 'unique' && column.filled !== 'auto-increment')
    effects.push(
      light('add-unique-constraint', { ...names, constraint: column.name }, 'online', {
        phase: 'tighten',
      }),
    )
  if (column.references) effects.push(light('add-column-references', names))
  const adds = [{ kind: 'insert', object: table.name, member: '*' } as const]
  const [first, ...more] = effects.length > 0 ? effects : [light('add-column', names)]
  return first ? [{ ...first, effect: { ...first.effect, adds } }, ...more] : []
}

function filling({ filled }: ColumnDefinition, names: Names): MysqlEffect[] {
  if (filled === 'auto-increment') return [heavy('add-column-auto-increment', names, 'shared')]
  if (filled === 'expression') return [heavy('add-column-volatile-default', names)]
  if (filled === 'stored') return [heavy('add-column-generated-stored', names)]
  if (filled === 'virtual') return [light('add-column-generated-virtual', names)]
  if (filled === 'now') return [light('add-column-default-stable', names)]
  return filled === 'constant' ? [light('add-column-default-constant', names)] : []
}

/** Old writers leave the column out, and strict mode refuses that. */
function required(table: MysqlTable, column: ColumnDefinition, names: Names): MysqlEffect[] {
  if (!column.notNull || column.filled !== undefined) return []
  const narrowed = taking('add-column-required', names, [insertNeed(table, column.name)])
  return [{ ...narrowed, effect: { ...narrowed.effect, phase: 'tighten' } }]
}

/** DROP COLUMN. */
export function dropColumnEffects(table: MysqlTable, column: string): MysqlEffect[] {
  return [taking('drop-column', { table: table.name, column }, [needOf(table, column)])]
}

/** RENAME COLUMN, and CHANGE with another name. */
export function renameColumnEffects(table: MysqlTable, from: string, to: string): MysqlEffect[] {
  const names = { table: table.name, column: from, new: to }
  return [taking('rename-column', names, [needOf(table, from)])]
}

/** MODIFY and CHANGE, which say all of the definition anew: what they leave out is gone. */
export function changeColumnEffects(
  table: MysqlTable,
  from: string,
  after: ColumnDefinition,
): MysqlEffect[] {
  const names = { table: table.name, column: from, type: typeText(after) }
  const before = table.columns.get(from.toLowerCase())
  const renamed = sameName(from, after.name) ? [] : renameColumnEffects(table, from, after.name)
  if (!before) return [...renamed, unread('change-type-unknown', names)]
  return [
    ...renamed,
    ...typeEffects(table, before, after, { ...names, old: typeText(before) }),
    ...nullEffects(table, before, after, names),
    ...defaultEffects(table, before, after, names),
  ]
}

function typeEffects(
  table: MysqlTable,
  before: MysqlColumn,
  after: ColumnDefinition,
  names: Names,
): MysqlEffect[] {
  const change = typeChange(table, before, after)
  const turnsStored = after.filled === 'stored' || before.filled === 'stored'
  if (after.filled !== before.filled && turnsStored) return [heavy('set-expression', names)]
  if (after.filled === 'auto-increment' && before.filled !== 'auto-increment')
    return [heavy('set-auto-increment', names)]
  if (change === 'none') return [light('change-type-safe', names)]
  if (change === 'widens') return [heavy('change-type-rewrite', names)]
  const narrowed = heavy('change-type-rewrite', names, 'copy', {
    phase: 'tighten',
    classes: ['lock', 'compat'],
    narrows: [needOf(table, before.name)],
  })
  return [narrowed]
}

function nullEffects(
  table: MysqlTable,
  before: MysqlColumn,
  after: ColumnDefinition,
  names: Names,
): MysqlEffect[] {
  const tightens = after.notNull && !before.notNull && !isKeyColumn(table, before.name)
  if (tightens) {
    const needs = [needOf(table, before.name), insertNeed(table, before.name)]
    const found = taking('set-not-null', names, [], 'online')
    return [{ ...found, effect: { ...found.effect, phase: 'tighten', narrows: needs } }]
  }
  if (!before.notNull || after.notNull || isKeyColumn(table, before.name)) return []
  return [light('drop-not-null', names, 'online', { narrows: [needOf(table, before.name)] })]
}

function isKeyColumn({ indexes }: MysqlTable, column: string): boolean {
  return indexes.some(
    ({ kind, columns }) => kind === 'primary' && columns.some((each) => sameName(each, column)),
  )
}

function defaultEffects(
  table: MysqlTable,
  before: MysqlColumn,
  after: ColumnDefinition,
  names: Names,
): MysqlEffect[] {
  const isLost = before.filled !== undefined && after.filled === undefined
  return isLost && after.notNull ? dropDefaultEffects(table, names, true) : []
}

/** ALTER COLUMN ... DROP DEFAULT: a column that may be null is null from then on, any other must be given. */
export function dropDefaultEffects(
  table: MysqlTable,
  names: Names,
  notNull: boolean | undefined,
): MysqlEffect[] {
  const need = insertNeed(table, names['column'] ?? '')
  if (notNull !== false) return [taking('drop-default-required', names, [need])]
  return [light('drop-default', names, 'instant', { phase: 'contract', narrows: [need] })]
}

/** A column type as it is written. */
function typeText({ type: { name, values, unsigned } }: ColumnDefinition): string {
  const quoted = name === 'enum' || name === 'set' ? values.map((each) => `'${each}'`) : values
  return `${name}${quoted.length > 0 ? `(${quoted.join(',')})` : ''}${unsigned ? ' unsigned' : ''}`
}
