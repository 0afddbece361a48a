import type { AlterObjectSchemaStmt, ObjectType, RenameStmt } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { movedNeeds, relationNeeds } from './drop-rules.ts'
import type { Effect, Need } from './effect.ts'
import { breaking, harmless, isPrivate, lockOn } from './effects.ts'
import { fullName, nodeName, pathName, quoted, rangeName, sqlName } from './object-names.ts'
import type { RuleContext } from './rule-context.ts'

type RenameRule = (node: RenameStmt, context: RuleContext) => readonly Effect[]

/** ALTER ... RENAME TO of anything but columns and table constraints. */
export function renameEffects(node: RenameStmt, context: RuleContext): readonly Effect[] {
  const rule = (node.renameType && RENAMES[node.renameType]) ?? renameOther
  return rule(node, context)
}

const RENAMES: Partial<Record<ObjectType, RenameRule>> = {
  OBJECT_TABLE: renameRelation,
  OBJECT_FOREIGN_TABLE: renameRelation,
  OBJECT_VIEW: renameRelation,
  OBJECT_MATVIEW: renameRelation,
  OBJECT_SEQUENCE: renameRelation,
  OBJECT_INDEX: renameRelation,
  OBJECT_TYPE: renameType,
  OBJECT_DOMAIN: renameType,
  OBJECT_ATTRIBUTE: renameAttribute,
  OBJECT_SCHEMA: renameSchema,
  OBJECT_FUNCTION: renameFunction,
  OBJECT_PROCEDURE: renameFunction,
  OBJECT_ROUTINE: renameFunction,
  OBJECT_AGGREGATE: renameFunction,
  OBJECT_TRIGGER: renameUnread,
  OBJECT_RULE: renameUnread,
  OBJECT_POLICY: renameUnread,
  OBJECT_DOMCONSTRAINT: renameUnread,
  OBJECT_EVENT_TRIGGER: renameUnread,
  OBJECT_STATISTIC_EXT: renameUnread,
}

const RELATION_RULES: Readonly<Record<Relation['kind'], string>> = {
  table: 'rename-table',
  partitioned: 'rename-table',
  'foreign-table': 'rename-table',
  view: 'rename-view',
  'materialized-view': 'rename-materialized-view',
  sequence: 'rename-sequence',
}

function renameRelation(node: RenameStmt, context: RuleContext): Effect[] {
  const { catalog } = context
  const name = rangeName(node.relation)
  const index = catalog.index(name)
  if (node.renameType === 'OBJECT_INDEX' || index) return renameIndex(node)
  const relation = catalog.relation(name)
  const names = { ...renamed(node), table: sqlName(name) }
  if (isPrivate(relation)) return [harmless('rename-new-object', names)]
  if (!relation && catalog.complete && node.missing_ok) return [harmless('drop-missing', names)]
  const rule = relation && !relation.assumed ? RELATION_RULES[relation.kind] : writtenRule(node)
  if (!relation) return [breaking(rule, names)]
  return [
    breaking(rule, names, {
      locks: lockOn(relation, 'ACCESS EXCLUSIVE'),
      removes: relationNeeds(relation),
    }),
  ]
}

function writtenRule({ renameType }: RenameStmt): string {
  const kinds: Partial<Record<ObjectType, Relation['kind']>> = {
    OBJECT_VIEW: 'view',
    OBJECT_MATVIEW: 'materialized-view',
    OBJECT_SEQUENCE: 'sequence',
  }
  return RELATION_RULES[(renameType && kinds[renameType]) ?? 'table']
}

/** Since 12 an index is renamed under SHARE UPDATE EXCLUSIVE on the index alone. */
function renameIndex(node: RenameStmt): Effect[] {
  return [harmless('alter-index', { ...renamed(node), index: sqlName(rangeName(node.relation)) })]
}

function renameType(node: RenameStmt, { catalog }: RuleContext): Effect[] {
  const name = nodeName(node.object)
  const type = catalog.type(name)
  const names = { ...renamed(node), type: sqlName(name) }
  if (type?.isNew) return [harmless('rename-new-object', names)]
  const removes: Need[] = [
    { kind: 'type', object: type ? fullName(type) : pathName(name, catalog) },
  ]
  return [breaking('rename-type', names, { removes })]
}

function renameAttribute(node: RenameStmt, { catalog }: RuleContext): Effect[] {
  const name = rangeName(node.relation)
  const type = catalog.type(name)
  const names = { ...renamed(node), type: sqlName(name), attribute: quoted(node.subname ?? '') }
  if (type?.isNew) return [harmless('rename-new-object', names)]
  return [
    breaking('rename-attribute', names, {
      removes: [{ kind: 'type', object: pathName(name, catalog) }],
    }),
  ]
}

function renameSchema(node: RenameStmt, { catalog }: RuleContext): Effect[] {
  const schema = node.subname ?? ''
  const names = { ...renamed(node), schema: quoted(schema) }
  if (catalog.schemaIsNew(schema)) return [harmless('rename-new-object', names)]
  const inside = [...catalog.relations()].filter((each) => each.schema === schema)
  return [
    breaking('rename-schema', names, {
      removes: [{ kind: 'schema', object: schema }, ...inside.flatMap(relationNeeds)],
    }),
  ]
}

function renameFunction(node: RenameStmt, { catalog }: RuleContext): Effect[] {
  const name = nodeName(node.object)
  const names = { ...renamed(node), function: sqlName(name) }
  if (catalog.functionIsNew(name)) return [harmless('rename-new-object', names)]
  return [
    breaking('rename-function', names, {
      removes: [{ kind: 'function', object: pathName(name, catalog) }],
    }),
  ]
}

/** No query names it. */
function renameUnread(node: RenameStmt, { catalog }: RuleContext): Effect[] {
  const relation = node.relation && catalog.relation(rangeName(node.relation))
  const mode =
    node.renameType === 'OBJECT_TRIGGER' ||
    node.renameType === 'OBJECT_RULE' ||
    node.renameType === 'OBJECT_POLICY'
  return [
    harmless('rename-unread-object', renamed(node), {
      locks: mode ? lockOn(relation, 'ACCESS EXCLUSIVE') : [],
    }),
  ]
}

function renameOther(node: RenameStmt): Effect[] {
  const kind = (node.renameType ?? 'OBJECT_TYPE').slice('OBJECT_'.length).replaceAll('_', ' ')
  return [breaking('rename-object', { ...renamed(node), kind })]
}

function renamed(node: RenameStmt): { readonly object: string; readonly name: string } {
  const name = node.relation ? rangeName(node.relation) : nodeName(node.object)
  const object =
    node.subname === undefined || node.subname === '' ? sqlName(name) : quoted(node.subname)
  return { object, name: quoted(node.newname ?? '') }
}

/** ALTER ... SET SCHEMA. */
export function setSchemaEffects(
  node: AlterObjectSchemaStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const name = node.relation ? rangeName(node.relation) : nodeName(node.object)
  const schema = quoted(node.newschema ?? '')
  const names = {
    object: sqlName(name),
    table: sqlName(name),
    name: `${schema}.${quoted(name.name)}`,
    schema,
  }
  const relation = node.relation && catalog.relation(name)
  if (isPrivate(relation) || isNew(node, { catalog })) return [harmless('rename-new-object', names)]
  const locks = lockOn(relation, 'ACCESS EXCLUSIVE')
  const removes = relation ? movedNeeds(relation, catalog) : otherNeeds(node, { catalog })
  return [breaking('set-schema', names, { locks, removes })]
}

type Where = Pick<RuleContext, 'catalog'>

function isNew({ objectType, object }: AlterObjectSchemaStmt, { catalog }: Where): boolean {
  const name = nodeName(object)
  if (isTypeKind(objectType)) return catalog.type(name)?.isNew ?? false
  return isFunctionKind(objectType) && catalog.functionIsNew(name)
}

function otherNeeds({ objectType, object }: AlterObjectSchemaStmt, { catalog }: Where): Need[] {
  const full = pathName(nodeName(object), catalog)
  if (isTypeKind(objectType)) return [{ kind: 'type', object: full }]
  return isFunctionKind(objectType) ? [{ kind: 'function', object: full }] : []
}

function isTypeKind(kind: ObjectType | undefined): boolean {
  return kind === 'OBJECT_TYPE' || kind === 'OBJECT_DOMAIN'
}

function isFunctionKind(kind: ObjectType | undefined): boolean {
  return kind !== undefined && /FUNCTION|PROCEDURE|ROUTINE|AGGREGATE/.test(kind)
}
