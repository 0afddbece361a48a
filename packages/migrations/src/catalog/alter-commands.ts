import type { AlterTableCmd } from 'libpg-query'
import type { Column, Relation } from './catalog.ts'
import { addColumn, addOwnedSequence, addPending, identityKind } from './columns.ts'
import { addConstraint } from './constraints.ts'
import { dropColumn, dropConstraint, madeOf } from './drops.ts'
import {
  patchColumn,
  patchRelation,
  removeConstraint,
  removeRelation,
  setConstraint,
} from './edits.ts'
import { requireNotNull } from './not-null.ts'
import { dependentsOf, parentOf, typeOf } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, words } from './syntax.ts'

/** One subcommand on one relation. False where the server would refuse it; what says nothing about the schema is true. */
export function alterCommand(
  state: CatalogState,
  id: number,
  command: AlterTableCmd,
  only: boolean,
): boolean {
  const relation = state.relations.get(id)
  const handle = HANDLERS[command.subtype ?? '']
  if (relation === undefined) return false
  return handle === undefined || handle(state, relation, command, only)
}

type Handler = (
  state: CatalogState,
  relation: Relation,
  command: AlterTableCmd,
  only: boolean,
) => boolean

const HANDLERS: Readonly<Record<string, Handler>> = {
  AT_AddColumn: add,
  AT_DropColumn: (state, relation, command) => {
    const column = command.name ?? ''
    if (!relation.columns.has(column)) return command.missing_ok === true || relation.assumed
    if (parentOf(state, relation)?.columns.has(column) === true) return false
    return dropColumn(state, relation, column, command.behavior === 'DROP_CASCADE')
  },
  AT_AlterColumnType: alterType,
  AT_ColumnDefault: (state, relation, command) =>
    onColumn(relation, command, (column) => {
      if (column.filled !== undefined && column.filled !== 'default') return false
      const isNull = command.def === undefined || payload(command.def, 'A_Const')?.isnull === true
      patchColumn(state, relation.id, column.name, { filled: isNull ? undefined : 'default' })
      return true
    }),
  AT_SetNotNull: (state, relation, command) =>
    onColumn(relation, command, (column) => requireNotNull(state, relation.id, column.name)),
  AT_DropNotNull: (state, relation, command) =>
    onColumn(relation, command, (column) => dropNotNull(state, relation, column.name)),
  AT_AddIdentity: (state, relation, command) =>
    onColumn(relation, command, (column) => {
      if (column.filled !== undefined || !column.notNull) return false
      const identity = payload(command.def, 'Constraint')
      patchColumn(state, relation.id, column.name, {
        filled: identityKind(identity?.generated_when),
      })
      addOwnedSequence(state, relation.id, column.name, identity)
      return true
    }),
  AT_SetIdentity: setIdentity,
  AT_DropIdentity: (state, relation, command) =>
    onColumn(relation, command, (column) =>
      dropIdentity(state, relation, column, command.missing_ok === true),
    ),
  AT_DropExpression: (state, relation, command) =>
    onColumn(relation, command, (column) => {
      if (column.filled !== 'generated') return command.missing_ok === true
      patchColumn(state, relation.id, column.name, { filled: undefined })
      return true
    }),
  AT_AddConstraint: (state, relation, command, only) => {
    const node = payload(command.def, 'Constraint')
    return node === undefined || addConstraint(state, relation.id, node, { only })
  },
  AT_DropConstraint: (state, relation, command) => {
    const name = command.name ?? ''
    if (!relation.constraints.has(name)) return command.missing_ok === true || relation.assumed
    if (parentOf(state, relation)?.constraints.has(name) === true) return false
    return dropConstraint(state, relation, name, command.behavior === 'DROP_CASCADE')
  },
  AT_ValidateConstraint: validate,
  AT_AlterConstraint: (_state, relation, command) => {
    const name = payload(command.def, 'ATAlterConstraint')?.conname ?? command.name
    return relation.assumed || relation.constraints.has(name ?? '')
  },
}

/** A column that an assumed table may have: nothing is known of it, so nothing changes. */
function onColumn(
  relation: Relation,
  command: AlterTableCmd,
  act: (column: Column) => boolean,
): boolean {
  const column = relation.columns.get(command.name ?? '')
  return column === undefined ? relation.assumed : act(column)
}

function add(state: CatalogState, relation: Relation, command: AlterTableCmd): boolean {
  const definition = payload(command.def, 'ColumnDef')
  if (definition === undefined) return false
  if (relation.columns.has(definition.colname ?? '')) return command.missing_ok === true
  return addPending(state, relation.id, addColumn(state, relation.id, definition))
}

function alterType(state: CatalogState, relation: Relation, command: AlterTableCmd): boolean {
  return onColumn(relation, command, (column) => {
    if (isRead(state, relation, column.name)) return false
    const definition = payload(command.def, 'ColumnDef')
    const { collation: _, ...rest } = column
    const collation = words(definition?.collClause?.collname).at(-1)
    const type = typeOf(state, definition?.typeName)
    const changed = collation === undefined ? { ...rest, type } : { ...rest, type, collation }
    patchRelation(state, relation.id, {
      columns: new Map(relation.columns).set(column.name, changed),
    })
    return true
  })
}

/** The type of a column that a view reads or another column is made of cannot change. */
function isRead(state: CatalogState, relation: Relation, column: string): boolean {
  for (const view of dependentsOf(state, relation.id)) {
    if (view.reads.get(relation.id)?.has(column) === true) return true
  }
  return madeOf(relation, column).length > 0
}

function dropNotNull(state: CatalogState, relation: Relation, column: string): boolean {
  for (const constraint of relation.constraints.values()) {
    if (constraint.kind === 'primary' && constraint.columns.includes(column)) return false
    if (constraint.kind === 'not-null' && constraint.columns[0] === column) {
      removeConstraint(state, relation.id, constraint.name)
    }
  }
  patchColumn(state, relation.id, column, { notNull: false })
  return true
}

function setIdentity(state: CatalogState, relation: Relation, command: AlterTableCmd): boolean {
  return onColumn(relation, command, (column) => {
    if (column.filled?.startsWith('identity') !== true) return false
    for (const node of payload(command.def, 'List')?.items ?? []) {
      const option = payload(node, 'DefElem')
      if (option?.defname !== 'generated') continue
      const when = String.fromCharCode(payload(option.arg, 'Integer')?.ival ?? 0)
      patchColumn(state, relation.id, column.name, { filled: identityKind(when) })
    }
    return true
  })
}

function dropIdentity(
  state: CatalogState,
  relation: Relation,
  column: Column,
  missingOk: boolean,
): boolean {
  if (column.filled?.startsWith('identity') !== true) return missingOk
  patchColumn(state, relation.id, column.name, { filled: undefined })
  for (const sequence of dependentsOf(state, relation.id)) {
    const owner = sequence.ownedBy
    if (owner?.relation === relation.id && owner.column === column.name)
      removeRelation(state, sequence)
  }
  return true
}

function validate(state: CatalogState, relation: Relation, command: AlterTableCmd): boolean {
  const constraint = relation.constraints.get(command.name ?? '')
  if (constraint === undefined) return relation.assumed
  setConstraint(state, relation.id, { ...constraint, valid: true })
  const [column] = constraint.columns
  if (constraint.kind === 'not-null' && column !== undefined)
    patchColumn(state, relation.id, column, { notNull: true })
  return true
}
