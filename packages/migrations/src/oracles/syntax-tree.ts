/** A node of a syntax tree, or its content, as plain data. */
export type Tree = Readonly<Record<string, unknown>>

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is at the end of a path; undefined where the path ends before. */
export function treeAt(tree: unknown, ...path: readonly string[]): Tree | undefined {
  const end = path.reduce<unknown>((here, key) => (isTree(here) ? here[key] : undefined), tree)
  return isTree(end) ? end : undefined
}

/** The nodes of a list; none where there is no list. */
export function treesIn(value: unknown): readonly Tree[] {
  return Array.isArray(value) ? value.filter(isTree) : []
}
