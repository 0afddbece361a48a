import type {
  AlterDomainStmt,
  AlterEnumStmt,
  AlterTableStmt,
  CompositeTypeStmt,
  CreateDomainStmt,
  CreateEnumStmt,
  CreateRangeStmt,
  DefineStmt,
} from 'libpg-query'
import type { ColumnType, ObjectName, UserType } from './catalog.ts'
import { findType, keyOf, targetSchema, typeOf } from './state.ts'
import type { CatalogState } from './state.ts'
import { nameOf, payload, relationName, words } from './syntax.ts'

export function createEnum(state: CatalogState, statement: CreateEnumStmt): boolean {
  return addType(state, nameOf(words(statement.typeName)), {
    kind: 'enum',
    labels: words(statement.vals),
  })
}

export function createRange(state: CatalogState, statement: CreateRangeStmt): boolean {
  return addType(state, nameOf(words(statement.typeName)), { kind: 'range' })
}

export function createComposite(state: CatalogState, statement: CompositeTypeStmt): boolean {
  const attributes = new Map<string, ColumnType>()
  for (const node of statement.coldeflist ?? []) {
    const definition = payload(node, 'ColumnDef')
    if (definition === undefined) continue
    if ((definition.constraints ?? []).length > 0) return false
    attributes.set(definition.colname ?? '', typeOf(state, definition.typeName))
  }
  return addType(state, relationName(statement.typevar), { kind: 'composite', attributes })
}

/** `ALTER TYPE ... ADD / DROP / ALTER ATTRIBUTE`. */
export function alterComposite(state: CatalogState, statement: AlterTableStmt): boolean {
  const type = findType(state, relationName(statement.relation))
  if (type === undefined) return !state.complete
  const attributes = new Map(type.attributes)
  for (const node of statement.cmds ?? []) {
    const command = payload(node, 'AlterTableCmd')
    const definition = payload(command?.def, 'ColumnDef')
    const name = command?.name ?? definition?.colname ?? ''
    if (command?.subtype === 'AT_DropColumn') attributes.delete(name)
    else attributes.set(name, typeOf(state, definition?.typeName))
  }
  setType(state, { ...type, attributes })
  return true
}

/** `CREATE TYPE` of a base type; aggregates, operators and the like hold no columns. */
export function define(state: CatalogState, statement: DefineStmt): boolean {
  if (statement.kind !== 'OBJECT_TYPE') return true
  return addType(state, nameOf(words(statement.defnames)), { kind: 'base' })
}

export function createDomain(state: CatalogState, statement: CreateDomainStmt): boolean {
  const own = (statement.constraints ?? []).some((node) => {
    const kind = payload(node, 'Constraint')?.contype
    return kind === 'CONSTR_CHECK' || kind === 'CONSTR_NOTNULL'
  })
  const base = typeOf(state, statement.typeName)
  const below = base.array
    ? undefined
    : findType(state, nameOf(words(statement.typeName?.names)) ?? { name: '' })
  const constrained = own || below?.constrained === true
  return addType(state, nameOf(words(statement.domainname)), { kind: 'domain', constrained, base })
}

/** A domain that once was constrained is taken to be so until all is dropped: one more look never harms. */
export function alterDomain(state: CatalogState, statement: AlterDomainStmt): boolean {
  const type = findType(state, nameOf(words(statement.typeName)) ?? { name: '' })
  if (type === undefined) return !state.complete
  if (statement.subtype === 'C' || statement.subtype === 'O')
    setType(state, { ...type, constrained: true })
  return true
}

export function alterEnum(state: CatalogState, statement: AlterEnumStmt): boolean {
  const type = findType(state, nameOf(words(statement.typeName)) ?? { name: '' })
  const { oldVal, newVal, newValNeighbor } = statement
  if (type === undefined || newVal === undefined) return !state.complete
  if (type.labels.includes(newVal)) return statement.skipIfNewValExists === true
  const labels = [...type.labels]
  if (oldVal !== undefined) {
    const place = labels.indexOf(oldVal)
    if (place < 0) return false
    labels[place] = newVal
  } else if (newValNeighbor === undefined) labels.push(newVal)
  else
    labels.splice(
      labels.indexOf(newValNeighbor) + (statement.newValIsAfter === true ? 1 : 0),
      0,
      newVal,
    )
  setType(state, { ...type, labels })
  return true
}

export function setType(state: CatalogState, type: UserType): void {
  state.journal.write(state.types, keyOf(type.schema, type.name), type)
}

function addType(
  state: CatalogState,
  name: ObjectName | undefined,
  content: Pick<UserType, 'kind'> & Partial<UserType>,
): boolean {
  const schema = name === undefined ? undefined : targetSchema(state, name)
  if (schema === undefined || name === undefined || state.types.has(keyOf(schema, name.name)))
    return false
  setType(state, {
    constrained: false,
    labels: [],
    ...content,
    schema,
    name: name.name,
    isNew: state.sealed,
  })
  return true
}
