/** SQL that a PL/pgSQL block runs. */
export interface BlockQuery {
  /** As the block has it; for an expression without `SELECT`. */
  readonly text: string
  readonly isExpression: boolean
  /** Its value is the text of what runs (EXECUTE). */
  readonly executed: boolean
  readonly inLoop: boolean
  /** Where it begins in the body, in UTF-16 code units. */
  readonly offset: number
  /** Where an offset of `text` is in the body. */
  readonly offsetOf: (offset: number) => number
}

/** What the walk through a block knows. */
interface Walk {
  readonly body: string
  readonly lineStarts: readonly number[]
  readonly queries: BlockQuery[]
  line: number
  /** How many loops are around. */
  loops: number
  /** Where the last query ended, if it was in this line. */
  last: { readonly line: number; readonly end: number }
}

type Tree = Readonly<Record<string, unknown>>

/** Nodes whose `query` is an expression that gives the text to run; elsewhere such a one is called `dynquery`. */
const EXECUTES = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors'])
const LOOPS = new Set(
  ['loop', 'while', 'fori', 'fors', 'forc', 'dynfors', 'foreach_a'].map(
    (kind) => `PLpgSQL_stmt_${kind}`,
  ),
)
const BODIES = new Set(['body', 'exceptions'])
const ENDS = new Map([
  ['PLpgSQL_stmt_commit', 'COMMIT'],
  ['PLpgSQL_stmt_rollback', 'ROLLBACK'],
])
/** Parse modes of the server: a statement, an expression; from 3 on assignments. */
const STATEMENT = 0
const EXPRESSION = 2

/**
 * All SQL of a block in the order in which it is written, whatever the branch. Expressions that call nothing and read no table
 * are left out.
 *
 * @param tree what the parser gives for the block
 */
export function blockQueries(tree: unknown, body: string): readonly BlockQuery[] {
  const lineStarts = [0, ...Array.from(body.matchAll(/\n/g), ({ index }) => index + 1)]
  const walk: Walk = { body, lineStarts, queries: [], line: 1, loops: 0, last: { line: 0, end: 0 } }
  visit(walk, tree, '', false)
  return walk.queries
}

function visit(walk: Walk, tree: unknown, parent: string, executed: boolean): void {
  if (Array.isArray(tree)) {
    for (const item of tree) visit(walk, item, parent, executed)
    return
  }
  if (!isTree(tree)) return
  if (typeof tree['lineno'] === 'number') walk.line = tree['lineno']
  for (const [key, value] of inOrder(tree)) {
    const runs = key === 'dynquery' || (key === 'query' && EXECUTES.has(parent))
    const end = ENDS.get(key)
    if (key === 'PLpgSQL_expr') addExpression(walk, value, executed)
    else if (end !== undefined) addEnd(walk, value, end)
    else visitPart(walk, value, key, runs, key === 'body' && LOOPS.has(parent))
  }
}

function visitPart(
  walk: Walk,
  tree: unknown,
  key: string,
  executed: boolean,
  repeats: boolean,
): void {
  walk.loops += repeats ? 1 : 0
  visit(walk, tree, key, executed)
  walk.loops -= repeats ? 1 : 0
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** The query of a loop is written before its body. */
function inOrder(tree: Tree): readonly (readonly [string, unknown])[] {
  const entries = Object.entries(tree)
  const bodies = entries.filter(([key]) => BODIES.has(key))
  return [...entries.filter(([key]) => !BODIES.has(key)), ...bodies]
}

function addExpression(walk: Walk, tree: unknown, executed: boolean): void {
  if (!isTree(tree) || typeof tree['query'] !== 'string') return
  const mode = typeof tree['parseMode'] === 'number' ? tree['parseMode'] : STATEMENT
  const isExpression = mode !== STATEMENT
  const text = mode > EXPRESSION ? tree['query'].replace(/^[^:=]*:?=\s*/, '') : tree['query']
  if (isExpression && !executed && !text.includes('(')) return
  const inLoop = walk.loops > 0
  walk.queries.push({ text, isExpression, executed, inLoop, ...find(walk, text) })
}

function addEnd(walk: Walk, tree: unknown, text: string): void {
  if (isTree(tree) && typeof tree['lineno'] === 'number') walk.line = tree['lineno']
  const inLoop = walk.loops > 0
  walk.queries.push({ text, isExpression: false, executed: false, inLoop, ...find(walk, text) })
}

/** Where a query stands in the body: the parser only tells the line of the statement that it is part of. */
function find(walk: Walk, text: string): Pick<BlockQuery, 'offset' | 'offsetOf'> {
  const lineStart = walk.lineStarts[walk.line - 1] ?? 0
  const from = walk.last.line === walk.line ? walk.last.end : lineStart
  const found = locate(walk.body, text, from) ?? locate(walk.body, text, lineStart)
  const { offset, skipped } = found ?? { offset: lineStart, skipped: 0 }
  walk.last = { line: walk.line, end: offset + (found === undefined ? 0 : text.length) }
  return { offset, offsetOf: (inText) => offset + inText + (inText > 0 ? skipped : 0) }
}

interface Found {
  readonly offset: number
  /** Characters that the body has more than the text at its beginning. */
  readonly skipped: number
}

function locate(body: string, text: string, from: number): Found | undefined {
  const verbatim = body.indexOf(text, from)
  if (verbatim >= 0) return { offset: verbatim, skipped: 0 }
  // PERFORM is handed on as SELECT.
  const performed = text.startsWith('SELECT') ? body.indexOf(text.slice(6), from) : -1
  const word = body.slice(Math.max(0, performed - 7), Math.max(0, performed))
  if (word.toUpperCase() === 'PERFORM') return { offset: performed - 7, skipped: 1 }
  // INTO and its targets are blanked out, COMMIT may be written in any case.
  const [first = ''] = /^\s*\S+/.exec(text) ?? []
  const begins = body.slice(from).search(new RegExp(escaped(first), 'i'))
  return begins < 0 ? undefined : { offset: from + begins, skipped: 0 }
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
