import type { AlterTableCmd, AlterTableStmt } from 'libpg-query'
import { alterCommand } from './alter-commands.ts'
import type { Relation } from './catalog.ts'
import { patchRelation, setParent } from './edits.ts'
import { attachPartition, withDescendants } from './partitions.ts'
import { findIndex, findRelation } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, relationName } from './syntax.ts'
import { alterComposite } from './types.ts'

/** `ALTER TABLE`, and what is written like it for views, sequences, composite types and indexes. */
export function alterTable(state: CatalogState, statement: AlterTableStmt): boolean {
  if (statement.objtype === 'OBJECT_TYPE') return alterComposite(state, statement)
  const name = relationName(statement.relation)
  if (statement.objtype === 'OBJECT_INDEX') return true
  if (findIndex(state, name) !== undefined) return true
  const relation = findRelation(state, name)
  if (relation === undefined) return statement.missing_ok === true
  const recurses = statement.relation?.inh === true
  const commands = (statement.cmds ?? []).flatMap((node) => payload(node, 'AlterTableCmd') ?? [])
  return inOrder(commands).every((command) => alterOne(state, relation.id, command, recurses))
}

/** The server drops first, then changes types, then adds columns, then constraints, whatever the text says. */
function inOrder(commands: readonly AlterTableCmd[]): readonly AlterTableCmd[] {
  return commands.length < 2 ? commands : commands.toSorted((one, other) => pass(one) - pass(other))
}

function pass(command: AlterTableCmd): number {
  return PASSES.get(command.subtype ?? '') ?? PASSES.size
}

const PASSES: ReadonlyMap<string, number> = new Map([
  ['AT_DropColumn', 0],
  ['AT_DropConstraint', 0],
  ['AT_DropNotNull', 0],
  ['AT_DropIdentity', 0],
  ['AT_DropExpression', 0],
  ['AT_AlterColumnType', 1],
  ['AT_AddColumn', 2],
  ['AT_SetExpression', 3],
  ['AT_AddConstraint', 5],
])

function alterOne(
  state: CatalogState,
  id: number,
  command: AlterTableCmd,
  recurses: boolean,
): boolean {
  const shape = SHAPES[command.subtype ?? '']
  if (shape !== undefined) return withTwo(state, id, command, shape)
  const targets = recurses && !isOwn(state, id, command) ? withDescendants(state, id) : [id]
  return targets.every(
    (target, place) => alterCommand(state, target, command, !recurses) || place > 0,
  )
}

/** Keys of a partitioned table reach the partitions in their own way; those of others stay where they are. */
function isOwn(state: CatalogState, id: number, command: AlterTableCmd): boolean {
  if (OWN.has(command.subtype ?? '')) return true
  if (command.subtype !== 'AT_AddConstraint') return false
  const kind = payload(command.def, 'Constraint')?.contype
  if (kind === 'CONSTR_FOREIGN') return state.relations.get(id)?.kind !== 'partitioned'
  return kind === 'CONSTR_PRIMARY' || kind === 'CONSTR_UNIQUE' || kind === 'CONSTR_EXCLUSION'
}

const OWN: ReadonlySet<string> = new Set(['AT_AddIdentity', 'AT_SetIdentity', 'AT_DropIdentity'])

type Shape = (state: CatalogState, relation: Relation, other: Relation, isDefault: boolean) => void

const SHAPES: Readonly<Record<string, Shape>> = {
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: (state, _parent, child) => {
    setParent(state, child.id, undefined)
    patchRelation(state, child.id, { isDefaultPartition: false })
  },
  AT_AddInherit: (state, child, parent) => setParent(state, child.id, parent.id),
  AT_DropInherit: (state, child) => setParent(state, child.id, undefined),
}

function withTwo(state: CatalogState, id: number, command: AlterTableCmd, shape: Shape): boolean {
  const partition = payload(command.def, 'PartitionCmd')
  const other = findRelation(
    state,
    relationName(partition?.name ?? payload(command.def, 'RangeVar')),
  )
  const relation = state.relations.get(id)
  if (relation === undefined || other === undefined) return false
  shape(state, relation, other, partition?.bound?.is_default === true)
  return true
}
