import type { DropStmt, Node, ObjectType } from 'libpg-query'
import type { Catalog, ObjectName, Relation } from '../catalog/catalog.ts'
import { typeUsers } from './dependents.ts'
import type { Effect, LockWork, Need } from './effect.ts'
import { breaking, harmless, isPrivate, lockOn } from './effects.ts'
import { dropIndexEffects, partitionsOf } from './index-rules.ts'
import { fullName, listName, nodeName, pathName, quoted, sqlName } from './object-names.ts'
import { nodeOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

type DropRule = (object: Node, node: DropStmt, context: RuleContext) => readonly Effect[]

/** DROP of anything that the grammar calls a DropStmt. */
export function dropEffects(node: DropStmt, context: RuleContext): readonly Effect[] {
  if (node.removeType === 'OBJECT_INDEX') return dropIndexEffects(node, context)
  const rule = (node.removeType && DROPS[node.removeType]) ?? dropOther
  return (node.objects ?? []).flatMap((object) => rule(object, node, context))
}

const DROPS: Partial<Record<ObjectType, DropRule>> = {
  OBJECT_TABLE: dropRelation('drop-table'),
  OBJECT_FOREIGN_TABLE: dropRelation('drop-table'),
  OBJECT_VIEW: dropRelation('drop-view'),
  OBJECT_MATVIEW: dropRelation('drop-materialized-view'),
  OBJECT_SEQUENCE: dropRelation('drop-sequence'),
  OBJECT_TYPE: dropType,
  OBJECT_DOMAIN: dropType,
  OBJECT_SCHEMA: dropSchema,
  OBJECT_FUNCTION: dropFunction,
  OBJECT_PROCEDURE: dropFunction,
  OBJECT_ROUTINE: dropFunction,
  OBJECT_AGGREGATE: dropFunction,
  OBJECT_TRIGGER: dropOnTable('drop-trigger'),
  OBJECT_RULE: dropOnTable('drop-rule'),
  OBJECT_POLICY: dropOnTable('drop-policy'),
  OBJECT_STATISTIC_EXT: dropUnread,
  OBJECT_EVENT_TRIGGER: dropUnread,
}

function dropRelation(rule: string): DropRule {
  return (object, node, { catalog }) => {
    const name = nodeName(object)
    const relation = catalog.relation(name)
    const table = sqlName(name)
    if (isPrivate(relation)) return [harmless('drop-new-object', { object: table })]
    if (!relation && catalog.complete && node.missing_ok)
      return [harmless('drop-missing', { object: table })]
    if (!relation) return [breaking(rule, { table })]
    const taken = takenAlong(relation, node, catalog)
    const removes = [relation, ...taken].flatMap((each) => movedNeeds(each, catalog))
    return [breaking(rule, { table }, { locks: dropLocks(relation, taken, catalog), removes })]
  }
}

/** Partitions always, and with CASCADE every view that reads it. */
function takenAlong(relation: Relation, { behavior }: DropStmt, catalog: Catalog): Relation[] {
  const partitions = partitionsOf(relation, catalog.relations())
  if (behavior !== 'DROP_CASCADE') return partitions
  const found = new Set(partitions)
  const follow = (id: number): void => {
    for (const each of catalog.dependents(id)) {
      if (!each.reads.has(id) || found.has(each)) continue
      found.add(each)
      follow(each.id)
    }
  }
  for (const { id } of [relation, ...partitions]) follow(id)
  return [...found]
}

/** What queries use of a relation that goes or moves: sequences of its columns come along. */
export function movedNeeds(relation: Relation, catalog: Catalog): Need[] {
  const owned = catalog
    .dependents(relation.id)
    .filter(({ ownedBy }) => ownedBy?.relation === relation.id)
  return [relation, ...owned].flatMap(relationNeeds)
}

/** What queries use of a relation: itself, and each of its columns. */
export function relationNeeds(relation: Relation): Need[] {
  const object = fullName(relation)
  if (relation.kind === 'sequence') return [{ kind: 'sequence', object }]
  const columns = [...relation.columns.keys()].map((member): Need => ({
    kind: 'column',
    object,
    member,
  }))
  return [{ kind: 'relation', object }, ...columns]
}

/** ACCESS EXCLUSIVE on what goes, on its parent and on the tables at the other end of its foreign keys. */
function dropLocks(relation: Relation, taken: readonly Relation[], catalog: Catalog): LockWork[] {
  const gone = new Set([relation, ...taken])
  const parent = relation.parent === undefined ? undefined : catalog.relationById(relation.parent)
  const locked = new Set([...gone, ...(parent ? [parent] : [])])
  for (const each of gone)
    for (const id of referencedBy(each)) addTo(locked, catalog.relationById(id))
  for (const { id } of gone)
    for (const each of catalog.dependents(id)) if (referencedBy(each).includes(id)) locked.add(each)
  return [...locked].flatMap((each) => lockOn(each, 'ACCESS EXCLUSIVE'))
}

function addTo(all: Set<Relation>, one: Relation | undefined): void {
  if (one) all.add(one)
}

function referencedBy({ constraints }: Relation): number[] {
  return [...constraints.values()].flatMap(({ references }) => references?.relation ?? [])
}

function dropType(object: Node, node: DropStmt, { catalog }: RuleContext): Effect[] {
  const name = nodeName(object)
  const type = catalog.type(name)
  const names = { type: sqlName(name) }
  if (type?.isNew) return [harmless('drop-new-object', { object: names.type })]
  if (!type && catalog.complete && node.missing_ok)
    return [harmless('drop-missing', { object: names.type })]
  const users = node.behavior === 'DROP_CASCADE' && type ? typeUsers(type, catalog) : []
  const columns = users.flatMap(({ relation, columns: own }) =>
    own.map((member): Need => ({ kind: 'column', object: fullName(relation), member })),
  )
  const locks = users.flatMap(({ relation }) => lockOn(relation, 'ACCESS EXCLUSIVE'))
  const gone: Need = { kind: 'type', object: type ? fullName(type) : pathName(name, catalog) }
  return [breaking('drop-type', names, { removes: [gone, ...columns], locks })]
}

function dropSchema(object: Node, node: DropStmt, { catalog }: RuleContext): Effect[] {
  const { name } = nodeName(object)
  const names = { schema: quoted(name) }
  if (node.missing_ok && catalog.complete && !catalog.hasSchema(name))
    return [harmless('drop-missing', { object: names.schema })]
  if (catalog.schemaIsNew(name)) return [harmless('drop-new-object', { object: names.schema })]
  const inside = [...catalog.relations()].filter(({ schema }) => schema === name)
  const removes: Need[] = [{ kind: 'schema', object: name }, ...inside.flatMap(relationNeeds)]
  const locks = inside.flatMap((each) => lockOn(each, 'ACCESS EXCLUSIVE'))
  return [
    breaking('drop-schema', names, {
      removes,
      ...(node.behavior === 'DROP_CASCADE' ? { locks } : {}),
    }),
  ]
}

function dropFunction(
  object: Node,
  { missing_ok: ifExists, removeType }: DropStmt,
  { catalog }: RuleContext,
): Effect[] {
  const name = nodeName(object)
  const names = { function: sqlName(name) }
  const isMissing = catalog.complete && catalog.functionVolatility(name) === undefined
  if (ifExists && isMissing && removeType !== 'OBJECT_AGGREGATE')
    return [harmless('drop-missing', { object: names.function })]
  if (catalog.functionIsNew(name)) return [harmless('drop-new-object', { object: names.function })]
  const removes: Need[] = [{ kind: 'function', object: pathName(name, catalog) }]
  return [breaking('drop-function', names, { removes })]
}

/** Triggers, rules and policies: what they did for queries ends, which no query shows. */
function dropOnTable(rule: string): DropRule {
  return (object, _, { catalog }) => {
    const parts = nodeOf(object, 'List')?.items
    const table = listName(parts?.slice(0, -1))
    const relation = catalog.relation(table)
    const names = { object: quoted(listName(parts).name), table: sqlName(table) }
    if (isPrivate(relation)) return [harmless('drop-new-object', names)]
    const more = { locks: lockOn(relation, 'ACCESS EXCLUSIVE'), unobservable: true }
    if (rule === 'drop-trigger') return [harmless(rule, names, { ...more, phase: 'contract' })]
    return [
      breaking(rule, names, {
        ...more,
        narrows: relation ? [{ kind: 'relation', object: fullName(relation) }] : [],
      }),
    ]
  }
}

function dropUnread(object: Node): Effect[] {
  return [harmless('drop-unread-object', { object: sqlName(nodeName(object)) })]
}

function dropOther(object: Node, { removeType = 'OBJECT_TYPE' }: DropStmt): Effect[] {
  const kind = removeType.slice('OBJECT_'.length).replaceAll('_', ' ')
  return [breaking('drop-object', { kind, object: sqlName(otherName(object)) })]
}

function otherName(object: Node): ObjectName {
  const name = nodeName(object)
  return name.name === '' ? { name: 'it' } : name
}
