import type {
  AlterTableMoveAllStmt,
  Constraint,
  CreateForeignTableStmt,
  CreateStmt,
  CreateTableAsStmt,
  Node,
  RangeVar,
} from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { serverRefuses } from './alter-target.ts'
import type { Effect, LockWork } from './effect.ts'
import { harmless, lockOn, undecided } from './effects.ts'
import { rangeName, sqlName } from './object-names.ts'
import { createPartition } from './partitions.ts'
import { nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** CREATE TABLE in all of its forms. */
export function createTableEffects(node: CreateStmt, context: RuleContext): readonly Effect[] {
  const taken = alreadyThere(node.relation, node.if_not_exists ?? false, context)
  if (taken) return [taken]
  const own = node.partbound ? createPartition(node, context) : [created(node, context)]
  const referenced = references(node, context)
  if (referenced.length === 0) return own
  const table = sqlName(rangeName(node.relation))
  return [
    ...own,
    harmless(
      'create-table-references',
      { table, referenced: referencedNames(node) },
      { locks: referenced },
    ),
  ]
}

function created(node: CreateStmt, { catalog }: RuleContext): Effect {
  const table = sqlName(rangeName(node.relation))
  const parents = nodesOf(node.inhRelations, 'RangeVar').map((range) =>
    catalog.relation(rangeName(range)),
  )
  return harmless(
    'create-table',
    { table },
    { locks: parents.flatMap((parent) => lockOn(parent, 'SHARE UPDATE EXCLUSIVE')) },
  )
}

/** CREATE FOREIGN TABLE. */
export function createForeignTableEffects(
  node: CreateForeignTableStmt,
  context: RuleContext,
): readonly Effect[] {
  return createTableEffects(node.base ?? {}, context)
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export function createTableAsEffects(
  node: CreateTableAsStmt,
  context: RuleContext,
): readonly Effect[] {
  const taken = alreadyThere(node.into?.rel, node.if_not_exists ?? false, context)
  const table = sqlName(rangeName(node.into?.rel))
  return [taken ?? harmless('create-table-as', { table })]
}

/** ALTER TABLE ALL IN TABLESPACE: which tables that are is known to the server alone. */
export function moveAllEffects({
  orig_tablespacename = '',
}: AlterTableMoveAllStmt): readonly Effect[] {
  return [undecided('move-all-tables', ['lock'], { object: orig_tablespacename })]
}

function alreadyThere(
  range: RangeVar | undefined,
  ifMissing: boolean,
  { catalog }: RuleContext,
): Effect | undefined {
  const name = rangeName(range)
  const existing =
    range?.relpersistence === 't'
      ? undefined
      : existingRelation(catalog.relation(name), name, catalog.searchPath)
  if (!existing) return undefined
  const object = sqlName(name)
  return ifMissing
    ? harmless('already-exists', { object })
    : serverRefuses(`relation ${object} already exists`, { object })
}

/** Only a relation of the schema in which the new one would be created is in its way. */
function existingRelation(
  relation: Relation | undefined,
  { schema }: { readonly schema?: string },
  searchPath: readonly string[],
): Relation | undefined {
  const into = schema ?? searchPath[0]
  return relation && !relation.assumed && !relation.temporary && relation.schema === into
    ? relation
    : undefined
}

/** Tables that foreign keys of the new one point at. They are locked for a moment; there are no rows to look at. */
function references(node: CreateStmt, { catalog }: RuleContext): LockWork[] {
  const others = foreignKeys(node).map(({ pktable }) => catalog.relation(rangeName(pktable)))
  return others.flatMap((other) => lockOn(other, 'SHARE ROW EXCLUSIVE'))
}

function referencedNames(node: CreateStmt): string {
  return [...new Set(foreignKeys(node).map(({ pktable }) => sqlName(rangeName(pktable))))].join(
    ', ',
  )
}

function foreignKeys({ tableElts, constraints, relation }: CreateStmt): Constraint[] {
  const inline = nodesOf(tableElts, 'ColumnDef').flatMap((column) => foreignOf(column.constraints))
  return [...inline, ...foreignOf(tableElts), ...foreignOf(constraints)].filter(
    ({ pktable }) => sqlName(rangeName(pktable)) !== sqlName(rangeName(relation)),
  )
}

function foreignOf(nodes: readonly Node[] | undefined): Constraint[] {
  return nodesOf(nodes, 'Constraint').filter(({ contype }) => contype === 'CONSTR_FOREIGN')
}
