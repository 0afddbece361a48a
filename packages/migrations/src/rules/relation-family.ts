import type { Catalog, Relation } from '../catalog/catalog.ts'

/** Views that read a column, which the server will not let go or change while they do. */
export function viewsReading(catalog: Catalog, relation: number, column: string): Relation[] {
  return catalog.dependents(relation).filter(({ reads }) => reads.get(relation)?.has(column))
}

/** Relations whose foreign keys point at a column (or, without one, at the relation). */
export function referencing(catalog: Catalog, relation: Relation, column?: string): Relation[] {
  const { id, indexes } = relation
  const keys = [...indexes.values()].filter(
    ({ unique, columns }) => unique && (column === undefined || columns.includes(column)),
  )
  if (keys.length === 0) return []
  return catalog.dependents(id).filter((each) => each.id !== id && pointsAt(each, id, column))
}

function pointsAt({ constraints }: Relation, relation: number, column?: string): boolean {
  for (const { references } of constraints.values()) {
    const there = references?.relation === relation
    if (there && (column === undefined || references.columns.includes(column))) return true
  }
  return false
}

/** Its partitions, or the tables that inherit from it. */
export function childrenOf(catalog: Catalog, { id }: Relation): Relation[] {
  return catalog.dependents(id).filter(({ parent }) => parent === id)
}

/** The partition that takes what no other one takes. */
export function defaultPartition(catalog: Catalog, parent: number): Relation | undefined {
  return catalog
    .dependents(parent)
    .find((each) => each.parent === parent && each.isDefaultPartition)
}

/** The sequence that numbers a column, and vanishes with it. */
export function sequencesOf(
  catalog: Catalog,
  { id, columns }: Relation,
  column: string,
): Relation[] {
  if (columns.get(column)?.filled === undefined) return []
  return catalog
    .dependents(id)
    .filter(({ ownedBy }) => ownedBy?.relation === id && ownedBy.column === column)
}
