import type { Node } from 'libpg-query'
import type { Catalog } from '../catalog/catalog.ts'
import type { Statement } from '../sql/statement.ts'
import type { Effect } from './effect.ts'

/** What a rule may look at: the statement, what was there before it, and the server that it is meant for. */
export interface RuleContext {
  readonly statement: Statement
  readonly catalog: Catalog
  /** Major version of the server. */
  readonly version: number
}

/** Name of a node of the syntax tree. */
export type NodeKind = Node extends infer Each ? (Each extends object ? keyof Each : never) : never

/** What stands in the tree under such a name. */
export type NodeOf<Kind extends NodeKind> = Extract<Node, Record<Kind, unknown>>[Kind]

/** The effects of one kind of statement. Pure. */
export type StatementRule<Kind extends NodeKind> = (
  node: NodeOf<Kind>,
  context: RuleContext,
) => readonly Effect[]

/** The part of the tree under `kind`, or undefined where the node is of another kind. */
export function nodeOf<Kind extends NodeKind>(
  node: Node | undefined,
  kind: Kind,
): NodeOf<Kind> | undefined {
  return isOf(node, kind) ? node[kind] : undefined
}

/** Those among the nodes that are of one kind. */
export function nodesOf<Kind extends NodeKind>(
  nodes: readonly Node[] | undefined,
  kind: Kind,
): NodeOf<Kind>[] {
  return (nodes ?? []).flatMap((node) => nodeOf(node, kind) ?? [])
}

/** Whether something in a tree is a node of that kind. */
export function isOf<Kind extends NodeKind>(
  tree: unknown,
  kind: Kind,
): tree is Readonly<Record<Kind, NodeOf<Kind>>> {
  return typeof tree === 'object' && tree !== null && kind in tree
}

/** All nodes of one kind in a tree, outer ones first; not those below a part called `except`. */
export function findAll<Kind extends NodeKind>(
  tree: unknown,
  kind: Kind,
  except?: string,
): NodeOf<Kind>[] {
  if (typeof tree !== 'object' || tree === null) return []
  const own = isOf(tree, kind) ? [tree[kind]] : []
  const parts: [string, unknown][] = Object.entries(tree)
  return [
    ...own,
    ...parts.flatMap(([name, part]) => (name === except ? [] : findAll(part, kind, except))),
  ]
}

/** Whether an option such as FULL or CONCURRENTLY is asked for; `(FULL false)` is as good as none. */
export function isSwitchedOn(options: readonly Node[] | undefined, name: string): boolean {
  const option = nodesOf(options, 'DefElem').findLast(({ defname }) => defname === name)
  if (option === undefined) return false
  const number = nodeOf(option.arg, 'Integer')
  if (number !== undefined) return (number.ival ?? 0) !== 0
  return !['false', 'off'].includes((nodeOf(option.arg, 'String')?.sval ?? 'true').toLowerCase())
}
