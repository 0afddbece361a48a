import type { AlterPolicyStmt, CreatePolicyStmt, GrantStmt, Node } from 'libpg-query'
import type { Catalog, Relation } from '../catalog/catalog.ts'
import type { Effect, Need } from './effect.ts'
import { breaking, harmless, isPrivate, lockOn } from './effects.ts'
import { fullName, nodeName, pathName, quoted, rangeName, sqlName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** Rights that no query of a release needs. */
const UNUSED_BY_QUERIES = new Set([
  'references',
  'trigger',
  'create',
  'temporary',
  'temp',
  'maintain',
  'set',
  'alter system',
])

/** GRANT and REVOKE. */
export function grantEffects(node: GrantStmt, { catalog }: RuleContext): readonly Effect[] {
  const objects = (node.objects ?? []).map((each) => sqlName(nodeName(each))).join(', ')
  const privileges = privilegesOf(node)
  const names = { object: objects, privileges: privileges.join(', ').toUpperCase() || 'ALL' }
  if (node.is_grant) return [harmless('grant', names)]
  const unused =
    node.grant_option ??
    (privileges.length > 0 && privileges.every((each) => UNUSED_BY_QUERIES.has(each)))
  if (unused || (node.objects ?? []).every((each) => isNew(each, node, catalog)))
    return [harmless('revoke-unused', names)]
  const removes = (node.objects ?? []).flatMap((each) => lost(each, node, catalog))
  return [breaking('revoke', names, { removes, unobservable: true })]
}

function privilegesOf({ privileges }: GrantStmt): string[] {
  return nodesOf(privileges, 'AccessPriv').map(({ priv_name }) => priv_name ?? '')
}

function isNew(object: Node, { targtype, objtype }: GrantStmt, catalog: Catalog): boolean {
  const name = nodeName(object)
  if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA' || objtype === 'OBJECT_SCHEMA')
    return catalog.schemaIsNew(name.name)
  if (objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_SEQUENCE')
    return isPrivate(catalog.relation(name))
  if (objtype === 'OBJECT_TYPE' || objtype === 'OBJECT_DOMAIN')
    return catalog.type(name)?.isNew ?? false
  return nodeOf(object, 'ObjectWithArgs') !== undefined && catalog.functionIsNew(name)
}

function lost(object: Node, { targtype, objtype }: GrantStmt, catalog: Catalog): Need[] {
  const name = nodeName(object)
  if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA') return inSchema(name.name, catalog)
  if (objtype === 'OBJECT_SCHEMA')
    return [{ kind: 'schema', object: name.name }, ...inSchema(name.name, catalog)]
  if (objtype === 'OBJECT_TYPE' || objtype === 'OBJECT_DOMAIN')
    return [{ kind: 'type', object: pathName(name, catalog) }]
  if (nodeOf(object, 'ObjectWithArgs'))
    return [{ kind: 'function', object: pathName(name, catalog) }]
  const relation = catalog.relation(name)
  return relation ? [relationNeed(relation)] : []
}

function inSchema(schema: string, catalog: Catalog): Need[] {
  return [...catalog.relations()].filter((each) => each.schema === schema).map(relationNeed)
}

function relationNeed(relation: Relation): Need {
  return {
    kind: relation.kind === 'sequence' ? 'sequence' : 'relation',
    object: fullName(relation),
  }
}

/** CREATE POLICY: a permissive one lets more be seen, a restrictive one less. */
export function createPolicyEffects(
  node: CreatePolicyStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const relation = catalog.relation(rangeName(node.table))
  const names = { object: quoted(node.policy_name ?? ''), table: sqlName(rangeName(node.table)) }
  const locks = lockOn(relation, 'ACCESS EXCLUSIVE')
  if (node.permissive || isPrivate(relation)) return [harmless('create-policy', names, { locks })]
  return [
    breaking('create-policy-restrictive', names, {
      locks,
      narrows: narrowed(relation),
      unobservable: true,
    }),
  ]
}

/** ALTER POLICY: whether it lets more or less be seen, the text does not tell. */
export function alterPolicyEffects(
  node: AlterPolicyStmt,
  { catalog }: RuleContext,
): readonly Effect[] {
  const relation = catalog.relation(rangeName(node.table))
  const names = { object: quoted(node.policy_name ?? ''), table: sqlName(rangeName(node.table)) }
  const locks = lockOn(relation, 'ACCESS EXCLUSIVE')
  if (isPrivate(relation)) return [harmless('create-policy', names, { locks })]
  return [
    breaking('alter-policy', names, { locks, narrows: narrowed(relation), unobservable: true }),
  ]
}

function narrowed(relation: Relation | undefined): Need[] {
  return relation ? [{ kind: 'relation', object: fullName(relation) }] : []
}
