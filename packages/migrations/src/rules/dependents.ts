import type { Catalog, Relation, UserType } from '../catalog/catalog.ts'

/** Tables with columns of a type, and which. */
export function typeUsers(
  type: UserType,
  catalog: Catalog,
): { readonly relation: Relation; readonly columns: readonly string[] }[] {
  return [...catalog.relations()].flatMap((relation) => {
    const columns = [...relation.columns.values()]
      .filter((column) => isType(column.type, type))
      .map(({ name }) => name)
    return columns.length > 0 ? [{ relation, columns }] : []
  })
}

function isType(one: { readonly schema?: string; readonly name: string }, type: UserType): boolean {
  return one.name === type.name && (one.schema === undefined || one.schema === type.schema)
}
