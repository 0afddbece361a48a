import type { Relation } from '../catalog/catalog.ts'
import { columnNames, serverRefuses } from './alter-target.ts'
import type { AlterTarget } from './alter-target.ts'
import type { Effect } from './effect.ts'
import { quoted, sqlName } from './object-names.ts'
import { childrenOf, referencing, viewsReading } from './relation-family.ts'

/** Columns of a partition are those of its parent: no statement of its own changes them. */
export function partitionRefusal(target: AlterTarget, column: string): Effect[] {
  const parent = parentOf(target)
  if (parent?.kind !== 'partitioned') return []
  return [
    refusal(
      target,
      column,
      `column ${quoted(column)} can only be changed in the parent ${sqlName(parent)}`,
    ),
  ]
}

/** ONLY leaves out the tables that have every column of their parent. */
export function onlyRefusal(target: AlterTarget, column: string): Effect[] {
  const { relation, context } = target
  const { AlterTableStmt: { relation: range } = {} } =
    'AlterTableStmt' in context.statement.node ? context.statement.node : {}
  const heirs = range?.inh ? [] : childrenOf(context.catalog, relation)
  return heirs
    .slice(0, 1)
    .map((heir) =>
      refusal(target, column, `column ${quoted(column)} must be added to ${sqlName(heir)} too`),
    )
}

function parentOf({ relation, context }: AlterTarget): Relation | undefined {
  return relation.parent === undefined ? undefined : context.catalog.relationById(relation.parent)
}

/** What is made of a column keeps the server from changing its type. */
export function typeRefusals(target: AlterTarget, column: string): Effect[] {
  const { relation, context } = target
  const views = viewsReading(context.catalog, relation.id, column).map(
    (view) => `view ${sqlName(view)}`,
  )
  const users = [...views, ...generatedFrom(relation, column), ...partitioning(relation, column)]
  return users.map((user) =>
    refusal(target, column, `${user} uses column ${quoted(column)}, so its type cannot be changed`),
  )
}

/** What is made of a column has to go with it, and does so only by CASCADE. */
export function dropRefusals(target: AlterTarget, column: string, cascade: boolean): Effect[] {
  const { relation, context } = target
  const needed = partitioning(relation, column)
  if (cascade)
    return needed.map((user) => refusal(target, column, `${user} needs column ${quoted(column)}`))
  const views = viewsReading(context.catalog, relation.id, column).map(
    (view) => `view ${sqlName(view)}`,
  )
  const keys = referencing(context.catalog, relation, column).map(
    (each) => `a foreign key of ${sqlName(each)}`,
  )
  const users = [...needed, ...views, ...keys, ...generatedFrom(relation, column)]
  return users.map((user) =>
    refusal(
      target,
      column,
      `${user} uses column ${quoted(column)}, which is dropped without CASCADE`,
    ),
  )
}

/** NOT NULL comes with a primary key and with an identity. */
export function nullRefusals(target: AlterTarget, name: string): Effect[] {
  const { relation } = target
  const isKey = [...relation.constraints.values()].some(
    ({ kind, columns }) => kind === 'primary' && columns.includes(name),
  )
  const isIdentity = relation.columns.get(name)?.filled?.startsWith('identity')
  if (!isKey && !isIdentity) return []
  return [
    refusal(
      target,
      name,
      `column ${quoted(name)} is ${isKey ? 'in the primary key' : 'an identity'}, so it stays NOT NULL`,
    ),
  ]
}

function generatedFrom({ columns }: Relation, column: string): string[] {
  const made = [...columns.values()].filter(({ madeOf }) => madeOf?.includes(column))
  return made.map(({ name }) => `the generated column ${quoted(name)}`)
}

function partitioning({ partitionKey }: Relation, column: string): string[] {
  return partitionKey?.includes(column) ? ['the partition key'] : []
}

function refusal(target: AlterTarget, column: string, problem: string): Effect {
  return serverRefuses(problem, columnNames(target, column))
}
