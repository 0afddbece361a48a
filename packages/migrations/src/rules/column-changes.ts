import type { Node } from 'libpg-query'
import type { Index, Relation } from '../catalog/catalog.ts'
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
import type { Effect, LockMode, LockWork, Need } from './effect.ts'
import { dropRefusals, partitionRefusal } from './column-refusals.ts'
import { harmless, lockOn } from './effects.ts'
import { fullName } from './object-names.ts'
import { sequencesOf, viewsReading } from './relation-family.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import { insertNeed } from './write-needs.ts'

/** DROP COLUMN. */
export const dropColumn: AlterRule = ({ name = '', missing_ok, behavior }, target) => {
  const { refusal } = findColumn(target, name)
  const names = columnNames(target, name)
  if (refusal)
    return [
      missing_ok
        ? tableEffect(
            'drop-missing',
            { ...names, object: names['column'] ?? '' },
            targetLocks(target),
          )
        : refusal,
    ]
  const cascade = behavior === 'DROP_CASCADE'
  const views = viewsReading(target.context.catalog, target.relation.id, name)
  const locks = [
    ...targetLocks(target),
    ...foreignLocks(target, name),
    ...sequenceLocks(target, name, 'ACCESS EXCLUSIVE'),
    ...(cascade ? views.flatMap((view) => lockOn(view, 'ACCESS EXCLUSIVE')) : []),
  ]
  // Columns are dropped before the same statement adds any: one that it adds does not make an old one new.
  const own = target.relation.columns.get(name)?.isNew
    ? tableEffect('drop-new-object', { ...names, object: names['column'] ?? '' }, locks)
    : tableEffect('drop-column', names, locks, {
        classes: ['compat'],
        phase: 'contract',
        removes: [
          columnNeed(target, name),
          ...uniqueNeeds(target, name),
          ...sequenceNeeds(target, name),
          ...(cascade ? views.map(viewNeed) : []),
        ],
      })
  return [own, ...partitionRefusal(target, name), ...dropRefusals(target, name, cascade)]
}

function viewNeed(view: Relation): Need {
  return { kind: 'relation', object: fullName(view) }
}

/** A foreign key that goes with its column is taken off the table that it points at, too. */
function foreignLocks({ relation, context }: AlterTarget, column: string): LockWork[] {
  return [...relation.constraints.values()].flatMap(({ references, columns }) =>
    references && references.relation !== relation.id && columns.includes(column)
      ? lockOn(context.catalog.relationById(references.relation), 'ACCESS EXCLUSIVE')
      : [],
  )
}

function sequenceLocks(
  { relation, context }: AlterTarget,
  column: string,
  mode: LockMode,
): LockWork[] {
  return sequencesOf(context.catalog, relation, column).flatMap((each) => lockOn(each, mode))
}

/** Unique indexes that go with the column: ON CONFLICT relies on them. */
function uniqueNeeds({ relation }: AlterTarget, column: string): Need[] {
  const lost = [...relation.indexes.values()].filter(
    ({ unique, mentions }) => unique && mentions.includes(column),
  )
  return lost.map((index) => uniqueNeed(relation, index))
}

function uniqueNeed(relation: Relation, { columns }: Index): Need {
  return { kind: 'unique', object: fullName(relation), member: columns.join(',') }
}

/** SET DEFAULT and DROP DEFAULT. */
export const columnDefault: AlterRule = (command, target) => {
  const { name = '', def } = command
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const names = columnNames(target, name)
  const locks = targetLocks(target)
  if (isValue(def) || setLater(command, target)) return [tableEffect('set-default', names, locks)]
  if (!column) return [droppedUnknown(target, name, locks)]
  if (column.filled === undefined) return [tableEffect('drop-default', names, locks)]
  return [
    column.notNull
      ? breaksInserts('drop-default-required', name, target)
      : droppedDefault(name, target),
  ]
}

/** DEFAULT NULL is no default. */
function isValue(def: Node | undefined): boolean {
  return def !== undefined && !nodeOf(def, 'A_Const')?.isnull
}

function setLater(command: Parameters<AlterRule>[0], { commands }: AlterTarget): boolean {
  const later = commands.slice(commands.indexOf(command) + 1)
  return later.some(
    (each) =>
      each.name === command.name &&
      (each.subtype === 'AT_AddIdentity' ||
        (each.subtype === 'AT_ColumnDefault' && isValue(each.def))),
  )
}

function droppedUnknown(target: AlterTarget, name: string, locks: readonly LockWork[]): Effect {
  const more = {
    verdict: 'unknown',
    classes: ['compat'],
    phase: 'contract',
    removes: [insertNeed(target.relation, name)],
  } as const
  return tableEffect('drop-default-required', columnNames(target, name), locks, more)
}

function droppedDefault(name: string, target: AlterTarget): Effect {
  const narrows = [insertNeed(target.relation, name)]
  return tableEffect('drop-default', columnNames(target, name), targetLocks(target), {
    narrows,
    phase: 'contract',
  })
}

/** Writers that leave the column out are refused from then on, also where the column came with this plan. */
function breaksInserts(
  rule: string,
  name: string,
  target: AlterTarget,
  more: readonly LockWork[] = [],
  lost: readonly Need[] = [],
): Effect {
  return tableEffect(rule, columnNames(target, name), [...targetLocks(target), ...more], {
    classes: ['compat'],
    phase: 'contract',
    removes: [insertNeed(target.relation, name), ...lost],
  })
}

/** A sequence that belongs to the column goes with it. */
function sequenceNeeds({ relation, context }: AlterTarget, column: string): Need[] {
  return sequencesOf(context.catalog, relation, column).map((each) => {
    return { kind: 'sequence', object: fullName(each) }
  })
}

/** ADD GENERATED AS IDENTITY on a column that is there. */
export const addIdentity: AlterRule = ({ name = '', def }, target) => {
  const { refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const always = nodeOf(def, 'Constraint')?.generated_when === 'a'
  return [
    always
      ? alwaysGenerated(name, target)
      : tableEffect('add-identity', columnNames(target, name), targetLocks(target)),
  ]
}

function alwaysGenerated(name: string, target: AlterTarget): Effect {
  const names = columnNames(target, name)
  const locks = [...targetLocks(target), ...sequenceLocks(target, name, 'SHARE ROW EXCLUSIVE')]
  if (isNewColumn(target, name)) return tableEffect('add-identity', names, locks)
  return tableEffect('set-generated-always', names, locks, {
    classes: ['compat'],
    phase: 'contract',
    removes: [{ kind: 'write', object: fullName(target.relation), member: name }],
  })
}

/** SET GENERATED, and the options of the sequence behind an identity. */
export const setIdentity: AlterRule = ({ name = '', def }, target) => {
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const options = nodesOf(nodeOf(def, 'List')?.items, 'DefElem')
  const generated = options.find(({ defname }) => defname === 'generated')?.arg
  const always = nodeOf(generated, 'Integer')?.ival === 'a'.codePointAt(0)
  if (always && column?.filled !== 'identity-always') return [alwaysGenerated(name, target)]
  const locks = [...targetLocks(target), ...sequenceLocks(target, name, 'SHARE ROW EXCLUSIVE')]
  return [tableEffect('set-identity', columnNames(target, name), locks)]
}

/** DROP IDENTITY: the column stays NOT NULL, and nothing fills it any more. */
export const dropIdentity: AlterRule = (command, target) => {
  const { name = '', missing_ok } = command
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const isIdentity = column === undefined || column.filled?.startsWith('identity')
  const nothing = { ...columnNames(target, name), object: 'identity' }
  if (!isIdentity && missing_ok)
    return [harmless('drop-missing', nothing, { locks: targetLocks(target) })]
  if (setLater(command, target)) return [tableEffect('set-identity', nothing, targetLocks(target))]
  return [
    breaksInserts(
      'drop-identity',
      name,
      target,
      sequenceLocks(target, name, 'ACCESS EXCLUSIVE'),
      sequenceNeeds(target, name),
    ),
  ]
}

/** DROP EXPRESSION: a generated column becomes a plain one that nobody fills. */
export const dropExpression: AlterRule = ({ name = '', missing_ok }, target) => {
  const { column, refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const nothing = { ...columnNames(target, name), object: 'expression' }
  if (missing_ok && column && column.filled !== 'generated')
    return [harmless('drop-missing', nothing, { locks: targetLocks(target) })]
  return [{ ...breaksInserts('drop-expression', name, target), unobservable: true }]
}

/** SET EXPRESSION (17+): all values are computed anew. */
export const setExpression: AlterRule = ({ name = '' }, target) => {
  const { refusal } = findColumn(target, name)
  if (refusal) return [refusal]
  const names = columnNames(target, name)
  if (target.context.version < 17)
    return [serverRefuses('SET EXPRESSION exists from PostgreSQL 17', names)]
  const narrows = [columnNeed(target, name)]
  return [
    tableEffect('set-expression', names, targetLocks(target, 'ACCESS EXCLUSIVE', 'rewrite'), {
      narrows,
    }),
  ]
}
