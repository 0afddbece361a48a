import type { Effect, Need } from '../rules/effect.ts'
import { breaking, harmless, undecided } from '../rules/effects.ts'
import type { MysqlStatement } from './actions.ts'
import { alterTableEffects, renameTableEffects } from './alter-effects.ts'
import type { MysqlSession } from './alter-effects.ts'
import { heavy, needOf } from './effects.ts'
import type { MysqlSchema, MysqlTable } from './schema.ts'

/** What a statement does on the schema that it meets. */
export function statementEffects(
  statement: MysqlStatement,
  schema: MysqlSchema,
  session: MysqlSession,
): readonly Effect[] {
  switch (statement.is) {
    case 'alter-table': {
      const { table, actions } = statement
      return alterTableEffects(schema.table(table), { actions, session })
    }
    case 'create-table':
      return createTable(statement, schema)
    case 'drop-table':
      return statement.tables.map((name) => dropTable(schema.table(name)))
    case 'rename-tables':
      return renameTables(statement.pairs, schema)
    case 'truncate':
      return [truncate(schema.table(statement.table))]
    case 'write':
      return [write(schema.table(statement.table), statement.bounded)]
    case 'drop':
      return [dropped(statement)]
    case 'create':
      return [created(statement)]
    case 'lock-tables':
      return [heavy('lock-table', { table: '' }).effect]
    case 'foreign-key-checks':
      return [harmless('session')]
    case 'control':
      return [harmless('transaction-control')]
    case 'plain':
      return [harmless(statement.what)]
    case 'dynamic':
      return [undecided('opaque-dynamic-sql', ['compat', 'lock', 'data'], {})]
    case 'unread':
      return [undecided('unparsed', ['compat', 'lock'], {})]
  }
}

function createTable(
  { table, temporary, copies }: Extract<MysqlStatement, { is: 'create-table' }>,
  schema: MysqlSchema,
): readonly Effect[] {
  const read = copies.map((name) => schema.table(name)).filter(({ isNew }) => !isNew)
  const names = { table, what: temporary ? 'temporary table' : 'table' }
  return [harmless('create-table', names), ...read.map((one) => write(one, false))]
}

function dropTable(table: MysqlTable): Effect {
  const names = { table: table.name, object: table.name, kind: 'table' }
  if (table.isNew) return harmless('drop-new-object', names)
  return breaking('drop-table', names, { classes: ['compat'], removes: [needOf(table)] })
}

/** Where another table takes the old name in the same statement, releases go on with that one. */
function renameTables(
  pairs: Extract<MysqlStatement, { is: 'rename-tables' }>['pairs'],
  schema: MysqlSchema,
): readonly Effect[] {
  return pairs.flatMap(({ from, to }): readonly Effect[] => {
    const table = schema.table(from)
    if (table.isNew) return [harmless('rename-new-object', { table: from, object: from })]
    const heir = pairs.find((pair) => pair.to === from)
    const names = { table: from, new: to, heir: heir?.from ?? '' }
    if (heir) return [swapped(table, schema.table(heir.from), names)]
    return renameTableEffects(table, to).map(({ effect }) => effect)
  })
}

/** What of the old table its successor has not. */
function swapped(table: MysqlTable, heir: MysqlTable, names: Effect['names']): Effect {
  const lost = [...table.columns.values()].filter(
    ({ name }) => !heir.columns.has(name.toLowerCase()),
  )
  const removes: readonly Need[] = lost.map(({ name }) => needOf(table, name))
  if (!table.known || !heir.known)
    return undecided('swap-table', ['compat', 'data'], names, { phase: 'contract' })
  if (removes.length > 0) return breaking('swap-table', names, { removes })
  return undecided('swap-table', ['data'], names, { phase: 'contract', unobservable: true })
}

function truncate(table: MysqlTable): Effect {
  const names = { table: table.name }
  if (table.isNew) return harmless('write-new-table', names)
  return breaking('truncate', names, {
    classes: ['compat', 'data'],
    narrows: [needOf(table)],
    unobservable: true,
  })
}

function write(table: MysqlTable, bounded: boolean): Effect {
  const names = { table: table.name }
  if (table.isNew) return harmless('write-new-table', names)
  if (bounded) return harmless('bounded-write', names, { phase: 'backfill' })
  return heavy('unbatched-backfill', names, 'copy', { phase: 'backfill' }).effect
}

const DROP_RULES: Readonly<Record<string, string>> = {
  view: 'drop-view',
  trigger: 'drop-trigger',
  procedure: 'drop-function',
  function: 'drop-function',
  sequence: 'drop-sequence',
  database: 'drop-database',
  schema: 'drop-database',
  user: 'drop-role',
  role: 'drop-role',
  right: 'revoke',
}

const RELATIONS: ReadonlySet<string> = new Set(['view', 'sequence'])

function dropped({ kind, name }: Extract<MysqlStatement, { is: 'drop' }>): Effect {
  const rule = DROP_RULES[kind] ?? 'drop-object'
  const removes = RELATIONS.has(kind) ? [{ kind: 'relation', object: name } as const] : []
  const more = RELATIONS.has(kind) ? { removes } : { unobservable: true }
  return { ...breaking(rule, { kind, object: name, table: name }, more), text: 'mysql/dropped' }
}

function created({ kind, name, replaces }: Extract<MysqlStatement, { is: 'create' }>): Effect {
  const names = { kind, object: name, view: name }
  if (replaces) return undecided('replace-object', ['compat'], names)
  return harmless(kind === 'view' ? 'create-view' : 'create-object', names)
}
