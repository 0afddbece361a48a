import type { Node, RangeVar } from 'libpg-query'
import type { Catalog, ObjectName, Relation } from '../catalog/catalog.ts'
import { nodeOf, nodesOf } from './rule-context.ts'

/** The name of a relation as written. */
export function rangeName(range: RangeVar | undefined): ObjectName {
  return objectName(range?.schemaname, range?.relname ?? '')
}

/** The name that a list of name parts spells: the last part, and its schema before it. */
export function listName(parts: readonly Node[] | undefined): ObjectName {
  const words = nodesOf(parts, 'String').map(({ sval }) => sval ?? '')
  return objectName(words.at(-2), words.at(-1) ?? '')
}

/** The name in whatever form the grammar gives it: list, type, word, function with arguments. */
export function nodeName(node: Node | undefined): ObjectName {
  const word = nodeOf(node, 'String')?.sval
  if (word !== undefined) return { name: word }
  const parts =
    nodeOf(node, 'List')?.items ??
    nodeOf(node, 'TypeName')?.names ??
    nodeOf(node, 'ObjectWithArgs')?.objname
  const range = nodeOf(node, 'RangeVar')
  return range ? rangeName(range) : listName(parts)
}

/** As SQL would have to write it: quoted where that is needed, with the schema where one was written. */
export function sqlName({ schema, name }: ObjectName): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
}

/** An identifier, in quotes where it would be folded or misread without. */
export function quoted(identifier: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(identifier)
    ? identifier
    : `"${identifier.replaceAll('"', '""')}"`
}

/** `schema.name`, as {@link Need.object} and {@link LockWork.relation} have it. */
export function fullName({ schema, name }: Pick<Relation, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}

/** `schema.name` of something that is no relation: where no schema was written, the first of the search path. */
export function pathName({ schema, name }: ObjectName, { searchPath }: Catalog): string {
  return `${schema ?? searchPath[0] ?? 'public'}.${name}`
}

function objectName(schema: string | undefined, name: string): ObjectName {
  return schema === undefined || schema === '' ? { name } : { schema, name }
}
