import type { Node, RangeVar } from 'libpg-query'
import type { ObjectName } from './catalog.ts'

/** Every kind of node that the grammar knows. */
export type NodeKind = Node extends infer N ? (N extends unknown ? keyof N : never) : never

/** What a node of this kind holds. */
export type Payload<K extends NodeKind> = Extract<Node, Record<K, unknown>>[K]

/** What the node holds where it is of this kind; anything may be asked. */
export function payload<K extends NodeKind>(node: unknown, kind: K): Payload<K> | undefined {
  return isKind(node, kind) ? node[kind] : undefined
}

/** A tree of the parser has one key for each node: the name of its kind. */
function isKind<K extends NodeKind>(node: unknown, kind: K): node is Record<K, Payload<K>> {
  return typeof node === 'object' && node !== null && kind in node
}

/** The words of a list of name parts; other nodes are left out. */
export function words(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => {
    const word = payload(node, 'String')?.sval
    return word === undefined ? [] : [word]
  })
}

/** `schema.name` of a list of name parts; a database before it is left out. */
export function nameOf(parts: readonly string[]): ObjectName | undefined {
  const name = parts.at(-1)
  const schema = parts.at(-2)
  if (name === undefined) return undefined
  return schema === undefined ? { name } : { schema, name }
}

/** The name of a relation as a statement writes it. */
export function relationName(range: RangeVar | undefined): ObjectName {
  const name = range?.relname ?? ''
  if (range?.schemaname !== undefined) return { schema: range.schemaname, name }
  return range?.relpersistence === 't' ? { schema: TEMPORARY, name } : { name }
}

/** The name in a DROP, ALTER ... SET SCHEMA or RENAME: a list, a type name, a function with arguments or a word. */
export function objectName(node: Node | undefined): ObjectName | undefined {
  const list = payload(node, 'List')?.items
  const type = payload(node, 'TypeName')?.names
  const callable = payload(node, 'ObjectWithArgs')?.objname
  return nameOf(words(list ?? type ?? callable ?? (node === undefined ? [] : [node])))
}

/** The schema of temporary tables, whatever its number. */
export const TEMPORARY = 'pg_temp'
