import type { Effect } from '../rules/effect.ts'
import type { Action, IndexDefinition } from './actions.ts'
import { heavy, light, needOf, taking, unread } from './effects.ts'
import type { MysqlEffect } from './effects.ts'
import { sameName } from './schema.ts'
import type { MysqlTable } from './schema.ts'

type Names = Effect['names']

/** ADD INDEX and CREATE INDEX. */
export function addIndexEffects(table: MysqlTable, index: IndexDefinition): MysqlEffect[] {
  const columns = index.columns.filter(Boolean)
  const name = index.name ?? columns[0] ?? ''
  const names = { table: table.name, index: name, constraint: name, columns: columns.join(', ') }
  const narrows = columns.map((column) => needOf(table, column))
  if (index.kind === 'fulltext') return [heavy('create-fulltext-index', names, 'shared')]
  if (index.kind === 'spatial') return [heavy('create-spatial-index', names, 'shared')]
  if (index.kind === 'unique')
    return [light('create-unique-index', names, 'online', { phase: 'tighten', narrows })]
  if (index.kind === 'primary')
    return [light('add-primary-key', names, 'online', { phase: 'tighten', narrows })]
  return [light('create-index', names, 'online')]
}

/** DROP INDEX, and DROP CONSTRAINT of a unique key. */
export function dropIndexEffects(table: MysqlTable, name: string): MysqlEffect[] {
  const index = table.indexes.find((each) => sameName(each.name, name))
  const names = {
    table: table.name,
    index: name,
    constraint: name,
    columns: index?.columns.join(', ') ?? '',
  }
  if (!index && !table.known) return [light('drop-index', names, 'online', { phase: 'contract' })]
  if (index?.kind !== 'unique') return [light('drop-index', names, 'online', { phase: 'contract' })]
  const member = index.columns.map((each) => each.toLowerCase()).join(',')
  return [
    taking('drop-unique-index', names, [{ kind: 'unique', object: table.name, member }], 'online'),
  ]
}

/** DROP PRIMARY KEY; together with ADD PRIMARY KEY the server rebuilds the table while writers go on. */
export function dropPrimaryKeyEffects(
  table: MysqlTable,
  actions: readonly Action[],
): MysqlEffect[] {
  const names = { table: table.name }
  const replaced = actions.some(
    ({ does, ...action }) =>
      does === 'add-index' && 'index' in action && action.index.kind === 'primary',
  )
  const primary = table.indexes.find(({ kind }) => kind === 'primary')
  const member = primary?.columns.map((each) => each.toLowerCase()).join(',')
  const lost = {
    kind: 'unique',
    object: table.name,
    ...(member === undefined ? {} : { member }),
  } as const
  if (replaced) return [taking('drop-primary-key', names, [lost], 'online')]
  const found = heavy('drop-primary-key', names, 'copy', {
    phase: 'contract',
    classes: ['lock', 'compat'],
    removes: [lost],
  })
  return [found]
}

/** DROP CONSTRAINT: of a check and of a foreign key it only loosens. */
export function dropConstraintEffects(table: MysqlTable, name: string): MysqlEffect[] {
  const index = table.indexes.find((each) => sameName(each.name, name))
  if (index) return dropIndexEffects(table, name)
  const names: Names = { table: table.name, constraint: name }
  return table.known
    ? [light('drop-constraint', names)]
    : [unread('drop-constraint-unknown', names)]
}
