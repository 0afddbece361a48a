import type { Effect } from '../rules/effect.ts'
import { harmless } from '../rules/effects.ts'
import type { Action } from './actions.ts'
import {
  addColumnEffects,
  changeColumnEffects,
  dropColumnEffects,
  dropDefaultEffects,
  renameColumnEffects,
} from './column-effects.ts'
import { heavy, light, needOf, taking } from './effects.ts'
import type { MysqlEffect } from './effects.ts'
import {
  addIndexEffects,
  dropConstraintEffects,
  dropIndexEffects,
  dropPrimaryKeyEffects,
} from './index-effects.ts'
import type { MysqlServer } from './lexis.ts'
import type { MysqlTable } from './schema.ts'

/** What the effects of an ALTER TABLE depend on beside the table. */
export interface AlterContext {
  readonly actions: readonly Action[]
  readonly session: MysqlSession
}

/** What beside the schema decides on what a statement does. */
export interface MysqlSession {
  readonly dialect: MysqlServer['dialect']
  /** Foreign keys are checked when they are added. */
  readonly foreignKeyChecks: boolean
}

/** What an ALTER TABLE does. */
export function alterTableEffects(table: MysqlTable, context: AlterContext): readonly Effect[] {
  if (table.isNew) return [harmless('alter-new-table', { table: table.name })]
  const { actions } = context
  const found = actions.flatMap((action) => actionEffects(table, action, context))
  const algorithm = requested(actions, 'algorithm')
  const lock = requested(actions, 'lock')
  const isOnline = algorithm === 'INSTANT' || algorithm === 'NOCOPY' || lock === 'NONE'
  const effects = found.map(({ work, effect }) => {
    const refused = isOnline || (algorithm === 'INPLACE' && work === 'copy')
    return refused ? withoutLock(effect) : effect
  })
  return [...effects, ...worseThanNeeded(table, algorithm, lock)]
}

function requested(actions: readonly Action[], does: 'algorithm' | 'lock'): string | undefined {
  const action = actions.findLast((each) => each.does === does)
  return action && 'value' in action ? action.value : undefined
}

/** The server refuses the statement before it keeps anybody waiting. */
function withoutLock(effect: Effect): Effect {
  const classes = effect.classes.filter((one) => one !== 'lock')
  const isOnlyLock = effect.classes.length > 0 && classes.length === 0
  return { ...effect, classes, verdict: isOnlyLock ? 'safe' : effect.verdict }
}

/** What the statement itself asks for though it may keep writers waiting. */
function worseThanNeeded(
  table: MysqlTable,
  algorithm: string | undefined,
  lock: string | undefined,
): Effect[] {
  const names = { table: table.name, lock: lock ?? '' }
  if (algorithm === 'COPY') return [heavy('algorithm-copy', names).effect]
  const isStrong = lock === 'SHARED' || lock === 'EXCLUSIVE'
  return isStrong ? [heavy('lock-requested', names).effect] : []
}

function actionEffects(table: MysqlTable, action: Action, context: AlterContext): MysqlEffect[] {
  if (isAboutNewColumn(table, action)) return [light('alter-new-table', { table: table.name })]
  return EFFECTS[action.does](table, action, context)
}

/** A column that this plan has created is known to nobody. */
function isAboutNewColumn(table: MysqlTable, action: Action): boolean {
  const name = columnOf(action)
  return (
    name !== undefined &&
    table.columns.get(name.toLowerCase())?.isNew === true &&
    action.does !== 'drop-default' &&
    action.does !== 'change-column'
  )
}

function columnOf(action: Action): string | undefined {
  if (action.does === 'rename-column' || action.does === 'change-column') return action.from
  return 'column' in action && typeof action.column === 'string' ? action.column : undefined
}

type EffectsOf = {
  readonly [Does in Action['does']]: (
    table: MysqlTable,
    action: Action,
    context: AlterContext,
  ) => MysqlEffect[]
}

/** Narrows an action to what it does, which the table below already knows. */
function on<Does extends Action['does']>(
  does: Does,
  effects: (
    table: MysqlTable,
    action: Extract<Action, { does: Does }>,
    context: AlterContext,
  ) => MysqlEffect[],
): (table: MysqlTable, action: Action, context: AlterContext) => MysqlEffect[] {
  const isOne = (action: Action): action is Extract<Action, { does: Does }> => action.does === does
  return (table, action, context) => (isOne(action) ? effects(table, action, context) : [])
}

const nothing = (): MysqlEffect[] => []

const EFFECTS: EffectsOf = {
  'add-column': on('add-column', (table, { column }, { session }) =>
    addColumnEffects(table, column, session.dialect),
  ),
  'drop-column': on('drop-column', (table, { column }) => dropColumnEffects(table, column)),
  'change-column': on('change-column', (table, { from, column }) =>
    changeColumnEffects(table, from, column),
  ),
  'rename-column': on('rename-column', (table, { from, to }) =>
    renameColumnEffects(table, from, to),
  ),
  'set-default': on('set-default', (table, { column }) => [
    light('set-default', { table: table.name, column }),
  ]),
  'drop-default': on('drop-default', (table, { column }) =>
    dropDefaultEffects(
      table,
      { table: table.name, column },
      table.columns.get(column.toLowerCase())?.notNull,
    ),
  ),
  'add-index': on('add-index', (table, { index }) => addIndexEffects(table, index)),
  'drop-index': on('drop-index', (table, { name }) => dropIndexEffects(table, name)),
  'drop-constraint': on('drop-constraint', (table, { name }) => dropConstraintEffects(table, name)),
  'drop-foreign-key': on('drop-foreign-key', (table, { name }) => [
    light('drop-constraint', { table: table.name, constraint: name }, 'online'),
  ]),
  'drop-check': on('drop-check', (table, { name }) => [
    light('drop-constraint', { table: table.name, constraint: name }),
  ]),
  'rename-index': on('rename-index', (table, { from }) => [
    light('rename-index', { table: table.name, index: from }),
  ]),
  'drop-primary-key': on('drop-primary-key', (table, _, { actions }) =>
    dropPrimaryKeyEffects(table, actions),
  ),
  'add-foreign-key': on('add-foreign-key', addForeignKey),
  'add-check': on('add-check', (table) => [
    heavy('add-check-valid', { table: table.name }, 'copy', {
      phase: 'tighten',
      narrows: [needOf(table)],
    }),
  ]),
  'rename-table': on('rename-table', (table, { to }) => renameTableEffects(table, to)),
  'convert-charset': on('convert-charset', (table) => [
    heavy('convert-charset', { table: table.name }),
  ]),
  partition: on('partition', (table, { how }) => partitionEffects(table, how)),
  option: on('option', (table, { name, value }) => optionEffects(table, name, value)),
  harmless: on('harmless', (table, { what }) => [
    light('set-parameter', { table: table.name, what }),
  ]),
  algorithm: nothing,
  lock: nothing,
}

/** With `foreign_key_checks=0` the rows that are there are not looked at, and nothing is copied. */
function addForeignKey(
  table: MysqlTable,
  { columns }: Extract<Action, { does: 'add-foreign-key' }>,
  { session }: AlterContext,
): MysqlEffect[] {
  const names = { table: table.name, columns: columns.join(', ') }
  const narrows = columns.map((column) => needOf(table, column))
  if (!session.foreignKeyChecks)
    return [light('add-foreign-key-not-valid', names, 'online', { phase: 'tighten', narrows })]
  return [heavy('add-foreign-key', names, 'copy', { phase: 'tighten', narrows })]
}

/** RENAME of a table: who knows the old name finds nothing. */
export function renameTableEffects(table: MysqlTable, to: string): MysqlEffect[] {
  return [taking('rename-table', { table: table.name, new: to }, [needOf(table)])]
}

function partitionEffects(
  table: MysqlTable,
  how: Extract<Action, { does: 'partition' }>['how'],
): MysqlEffect[] {
  const names = { table: table.name }
  if (how === 'add') return [light('add-partition', names)]
  if (how === 'rework') return [heavy('rework-partitions', names)]
  const effect = {
    ...taking('drop-partition', names, []).effect,
    classes: ['compat', 'data'] as const,
  }
  return [{ work: 'instant', effect: { ...effect, narrows: [needOf(table)], unobservable: true } }]
}

const REBUILDS: ReadonlySet<string> = new Set(['FORCE', 'ROW_FORMAT', 'KEY_BLOCK_SIZE'])

function optionEffects(table: MysqlTable, name: string, value: string): MysqlEffect[] {
  const names = { table: table.name, what: name }
  const toOther = name === 'ENGINE' && value !== 'INNODB'
  if (toOther || name === 'ORDER BY') return [heavy('rebuild-table', names)]
  const isRebuild = REBUILDS.has(name) || name === 'ENGINE'
  return [
    isRebuild ? light('rebuild-table-online', names, 'online') : light('set-parameter', names),
  ]
}
