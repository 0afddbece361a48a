/** Statements in their order, those of one transaction together; one that is its own transaction alone. */
export function byTransaction<One extends { readonly transaction: number | undefined }>(
  statements: readonly One[],
): One[][] {
  const groups: One[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    const together =
      statement.transaction !== undefined && last?.[0]?.transaction === statement.transaction
    if (last && together) last.push(statement)
    else groups.push([statement])
  }
  return groups
}
