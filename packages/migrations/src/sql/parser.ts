import type * as LibPgQuery from 'libpg-query'
import type { Node, ParseResult } from 'libpg-query'

type Parser = typeof LibPgQuery

let loading: Promise<Parser> | undefined
let parser: Parser | undefined

/**
 * Loads the grammar of the server. Once is enough; later calls return at once. It is not loaded before, so that those who
 * check another dialect do not wait for it.
 */
export async function loadParser(): Promise<void> {
  loading ??= import('libpg-query')
  const module = await loading
  await module.loadModule()
  parser = module
}

/** A statement as the grammar read it. Offsets are UTF-8 bytes of the text that was given. */
export interface ParsedStatement {
  readonly node: Node
  readonly kind: string
  readonly start: number
  /** Undefined: to the end of the text. */
  readonly length: number | undefined
}

/** What the grammar says against a text. */
export interface SyntaxProblem {
  readonly problem: string
  /** In UTF-16 code units of the text; undefined where the server does not say. */
  readonly offset: number | undefined
}

/** Reads a text as the server does. Never throws for what the text holds. */
export function parseSql(text: string): readonly ParsedStatement[] | SyntaxProblem {
  if (text === '') return []
  try {
    return (loaded().parseSync(text).stmts ?? []).flatMap(toStatement)
  } catch (error) {
    return toProblem(error, text)
  }
}

/** The syntax tree of a DO block in PL/pgSQL, as plain data that nobody has typed. */
export function parseDoBlock(sql: string): { readonly tree: unknown } | SyntaxProblem {
  try {
    return { tree: loaded().parsePlPgSQLSync(sql) }
  } catch (error) {
    return { ...toProblem(error, sql), offset: undefined }
  }
}

/** COPY FROM stdin: what follows is data, though it may look like SQL. */
export function readsClientData(node: Node): boolean {
  return (
    'CopyStmt' in node && node.CopyStmt.is_from === true && node.CopyStmt.filename === undefined
  )
}

function loaded(): Parser {
  if (parser === undefined)
    throw new Error('loadParser() has to be awaited before anything is read.')
  return parser
}

type RawStatement = NonNullable<ParseResult['stmts']>[number]

function toStatement({ stmt, stmt_location, stmt_len }: RawStatement): ParsedStatement[] {
  if (stmt === undefined) return []
  const [kind = ''] = Object.keys(stmt)
  const length = stmt_len === 0 ? undefined : stmt_len
  return [{ node: stmt, kind, start: stmt_location ?? 0, length }]
}

function toProblem(error: unknown, text: string): SyntaxProblem {
  if (parser === undefined || !(error instanceof Error)) throw error
  const at = parser.hasSqlDetails(error) ? error.sqlDetails?.cursorPosition : undefined
  return {
    problem: error.message,
    offset: at === undefined ? undefined : unitsOfCodePoints(text, at),
  }
}

function unitsOfCodePoints(text: string, count: number): number {
  let units = 0
  for (let seen = 0; seen < count && units < text.length; seen += 1) {
    units += (text.codePointAt(units) ?? 0) > 0xff_ff ? 2 : 1
  }
  return units
}
