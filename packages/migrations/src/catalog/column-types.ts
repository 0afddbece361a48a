import type { Node, TypeName } from 'libpg-query'
import type { ColumnType, ObjectName, UserType } from './catalog.ts'
import { nameOf, payload, words } from './syntax.ts'

const SERIALS: ReadonlyMap<string, string> = new Map([
  ['serial', 'int4'],
  ['serial4', 'int4'],
  ['bigserial', 'int8'],
  ['serial8', 'int8'],
  ['smallserial', 'int2'],
  ['serial2', 'int2'],
])

/** Of an expression whose type is not worked out. */
export const UNKNOWN_TYPE: ColumnType = { name: 'unknown', modifiers: [], array: false }

/** Whether the type is an integer with a sequence of its own. */
export function isSerial(type: TypeName | undefined): boolean {
  const [word, ...rest] = words(type?.names)
  return word !== undefined && rest.length === 0 && SERIALS.has(word)
}

/** The type, normalised; a user type gets the schema that it was found in. */
export function columnType(
  type: TypeName | undefined,
  find: (name: ObjectName) => UserType | undefined,
): ColumnType {
  const written = nameOf(words(type?.names))
  if (written === undefined) return UNKNOWN_TYPE
  const array = (type?.arrayBounds ?? []).length > 0
  const modifiers = modifiersOf(written.name, type?.typmods)
  if (written.schema === 'pg_catalog') return { name: written.name, modifiers, array }
  const known = find(written)
  if (known !== undefined) return { schema: known.schema, name: known.name, modifiers, array }
  if (written.schema !== undefined)
    return { schema: written.schema, name: written.name, modifiers, array }
  return { name: SERIALS.get(written.name) ?? written.name, modifiers, array }
}

function modifiersOf(name: string, nodes: readonly Node[] | undefined): number[] {
  const modifiers = (nodes ?? []).flatMap((node) => {
    const constant = payload(node, 'A_Const')
    return constant?.ival === undefined ? [] : [constant.ival.ival ?? 0]
  })
  return name === 'numeric' && modifiers.length === 1 ? [...modifiers, 0] : modifiers
}

/** Whether both are the same type, modifiers left aside. */
export function sameType(
  one: ColumnType,
  other: { readonly schema?: string; readonly name: string },
): boolean {
  return one.name === other.name && one.schema === other.schema
}
