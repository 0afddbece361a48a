import { parse, parseExpression, type ParserOptions } from '@babel/parser'
import { z } from 'zod'
import type { Path } from './problem.ts'

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where things are in the source of a config. */
export interface SourcePositions {
  /** Where the value at the path is written, or the nearest thing around it. */
  of(path: Path): Position
}

const START: Position = { line: 1, column: 1 }
const OPTIONS: ParserOptions = {
  errorRecovery: true,
  sourceType: 'module',
  plugins: ['typescript'],
}

/** Parts of a syntax tree, of whatever shape: they are only looked through. */
interface Node {
  readonly type: string
  readonly start: Position
  readonly [field: string]: unknown
}

/**
 * Reads a source for the places of its values: the default export, also through `defineConfig(...)`, `satisfies` and
 * constants of the file. Of what cannot be followed, such as what a function returns, the place is where it is used. Pure.
 */
export function readPositions(source: string, isJson: boolean): SourcePositions {
  const tree = read(source, isJson)
  if (tree === undefined) return { of: () => START }
  const scope = isJson ? new Map<string, Node>() : constantsOf(tree)
  const root = isJson ? tree : exportedBy(tree)
  return { of: (path) => (root ? find(root, path, scope) : START) }
}

/** Where the source cannot be read, and why; undefined where it can. Pure. */
export function syntaxProblem(
  source: string,
  isJson: boolean,
): (Position & { readonly problem: string }) | undefined {
  try {
    if (isJson) parseExpression(source, { errorRecovery: false })
    else parse(source, { ...OPTIONS, errorRecovery: false })
    return undefined
  } catch (error) {
    const { data } = z
      .object({ loc: z.object({ line: z.number(), column: z.number() }) })
      .safeParse(error)
    const problem =
      error instanceof Error ? error.message.replace(/\s*\(\d+:\d+\)$/, '') : String(error)
    return { line: data?.loc.line ?? 1, column: (data?.loc.column ?? 0) + 1, problem }
  }
}

function read(source: string, isJson: boolean): Node | undefined {
  try {
    return nodeOf(isJson ? parseExpression(source, OPTIONS) : parse(source, OPTIONS).program)
  } catch {
    return undefined
  }
}

const nodeSchema = z.looseObject({
  type: z.string(),
  loc: z.looseObject({ start: z.looseObject({ line: z.number(), column: z.number() }) }),
})

function nodeOf(value: unknown): Node | undefined {
  const { data } = nodeSchema.safeParse(value)
  if (data === undefined) return undefined
  const { line, column } = data.loc.start
  return { ...data, start: { line, column: column + 1 } }
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.flatMap((one) => nodeOf(one) ?? []) : []
}

function constantsOf(program: Node): ReadonlyMap<string, Node> {
  const statements = nodesOf(program['body']).flatMap((one) =>
    one.type === 'ExportNamedDeclaration' ? (nodeOf(one['declaration']) ?? []) : one,
  )
  const declared = statements.filter(({ type }) => type === 'VariableDeclaration')
  const pairs = declared
    .flatMap((one) => nodesOf(one['declarations']))
    .map((one) => [nodeOf(one['id'])?.['name'], nodeOf(one['init'])] as const)
  return new Map(
    pairs.flatMap(([name, init]) => (typeof name === 'string' && init ? [[name, init]] : [])),
  )
}

function exportedBy(program: Node): Node | undefined {
  const found = nodesOf(program['body']).find(({ type }) => type === 'ExportDefaultDeclaration')
  return found && nodeOf(found['declaration'])
}

function find(root: Node, path: Path, scope: ReadonlyMap<string, Node>): Position {
  let at = root.start
  let node: Node | undefined = root
  for (const part of path) {
    const next: Node | undefined = node && childOf(resolveNode(node, scope), part)
    if (next === undefined) return at
    at = next.start
    node = next.type === 'ObjectProperty' ? nodeOf(next['value']) : next
  }
  return at
}

/** Behind names, calls and types of TypeScript: the literal, where there is one. */
function resolveNode(node: Node, scope: ReadonlyMap<string, Node>, depth = 0): Node {
  const inner = innerOf(node, scope)
  return inner === undefined || depth > 20 ? node : resolveNode(inner, scope, depth + 1)
}

function innerOf(node: Node, scope: ReadonlyMap<string, Node>): Node | undefined {
  switch (node.type) {
    case 'CallExpression':
      return nodesOf(node['arguments'])[0]
    case 'Identifier':
      return scope.get(String(node['name']))
    case 'TSSatisfiesExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'AwaitExpression':
      return nodeOf(node['expression'] ?? node['argument'])
    default:
      return undefined
  }
}

function childOf(node: Node, part: string | number): Node | undefined {
  if (node.type === 'ArrayExpression') return nodesOf(node['elements'])[Number(part)]
  if (node.type !== 'ObjectExpression') return undefined
  return nodesOf(node['properties']).findLast((one) => keyOf(one) === String(part))
}

function keyOf(property: Node): string | undefined {
  const key = nodeOf(property['key'])
  if (key === undefined) return undefined
  if (property['computed'] === true && key.type !== 'StringLiteral') return undefined
  const name = key['name'] ?? key['value']
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined
}
