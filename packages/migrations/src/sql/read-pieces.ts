import { directivesOf } from './directives.ts'
import type { Target } from './directives.ts'
import { readDraft } from './do-block.ts'
import { trimmed } from './draft.ts'
import type { Draft, DraftParts, DraftScript } from './draft.ts'
import { parseSql, readsClientData } from './parser.ts'
import type { ParsedStatement, SyntaxProblem } from './parser.ts'
import type { SourceText } from './source-text.ts'
import { nextPiece } from './splitter.ts'
import type { Comment, Piece } from './splitter.ts'
import type { Directive, Unreadable } from './statement.ts'

/** The parser needs hundreds of times the length of a statement, and never gives memory back. */
const LARGEST_STATEMENT = 1_048_576

/** pg_dump writes these around its output; they change nothing. */
const HARMLESS_COMMAND = /^\\(?:un)?restrict(?:\s|$)/

/** What is being read. */
interface Reading {
  readonly source: SourceText
  readonly drafts: Draft[]
  readonly directives: Directive[]
  readonly unreadable: Unreadable[]
  /** Comments that stand before what has not been read yet. */
  pending: Comment[]
  /** No block of data ends behind here: it need not be searched for again. */
  noData: boolean
  /** A statement has been seen, readable or not. */
  begun: boolean
}

/** Reads statement by statement: what one of them is spoilt by, the others are not. */
export function readPieces(source: SourceText): DraftScript {
  const reading: Reading = {
    source,
    drafts: [],
    directives: [],
    unreadable: [],
    pending: [],
    noData: false,
    begun: false,
  }
  for (let at = 0; at < source.text.length;) {
    const piece = nextPiece(source.text, at)
    at = readPiece(reading, piece)
  }
  direct(reading, reading.pending, 'nothing')
  return reading
}

/** Gives where the next piece begins. */
function readPiece(reading: Reading, piece: Piece): number {
  const before = [...reading.pending, ...piece.comments.filter(({ inside }) => !inside)]
  if (piece.start === undefined) {
    reading.pending = before
    return piece.next
  }
  reading.pending = []
  const index = reading.drafts.length
  const wasBegun = reading.begun
  const draft = readStatement(reading, piece, piece.start)
  if (draft === undefined && !reading.begun) {
    // Skipped: what stands before it stands before what follows.
    reading.pending = before
    return piece.next
  }
  const target = draft === undefined ? 'unread' : index
  direct(reading, before, wasBegun ? target : 'file')
  direct(
    reading,
    piece.comments.filter(({ inside }) => inside),
    target,
  )
  if (draft === undefined) return piece.next
  reading.drafts.push(draft)
  return readsClientData(draft.node) ? afterData(reading, piece.next) : piece.next
}

function direct(reading: Reading, comments: readonly Comment[], target: Target): void {
  for (const comment of comments) {
    const { directives, unreadable } = directivesOf(comment, target, reading.source)
    reading.directives.push(...directives)
    reading.unreadable.push(...unreadable)
  }
}

function readStatement(reading: Reading, piece: Piece, start: number): Draft | undefined {
  const { source, unreadable } = reading
  const sql = trimmed(source.text.slice(start, piece.end))
  const refused = refusal(piece, sql)
  if (refused !== undefined) {
    if (refused.rule === 'none') return undefined
    reading.begun = true
    unreadable.push(reject(source, sql, start, refused))
    return undefined
  }
  reading.begun = true
  const parsed = parseSql(sql)
  if ('problem' in parsed) {
    unreadable.push(reject(source, sql, start, { rule: 'syntax-error', ...explained(sql, parsed) }))
    return undefined
  }
  const [first, ...others] = parsed
  if (first === undefined || others.length > 0) {
    const problem = 'it is unclear where this statement ends'
    unreadable.push(reject(source, sql, start, { rule: 'syntax-error', problem, offset: 0 }))
    return undefined
  }
  return readDraft(partsOf(reading, first, sql, start), unreadable)
}

function partsOf(
  reading: Reading,
  parsed: ParsedStatement,
  sql: string,
  start: number,
): DraftParts {
  const index = reading.drafts.length
  const placeAt = (offset: number) => reading.source.placeAt(start + offset)
  return { index, sql, parsed, byteStart: 0, placeAt }
}

interface Refusal extends SyntaxProblem {
  /** `none` for what may be skipped. */
  readonly rule: string
}

function refusal(piece: Piece, sql: string): Refusal | undefined {
  if (piece.command) {
    const offset = sql.lastIndexOf('\\')
    if (offset <= 0 && HARMLESS_COMMAND.test(sql)) return { rule: 'none', problem: '', offset: 0 }
    const problem = 'what it makes psql do cannot be seen here'
    return { rule: 'psql-command', problem, offset: 0 }
  }
  if (piece.markAt !== undefined) {
    const problem = 'a byte order mark (U+FEFF) in the middle of a file is read as part of a name'
    return { rule: 'syntax-error', problem, offset: piece.markAt - (piece.start ?? 0) }
  }
  if (sql.length <= LARGEST_STATEMENT / 3 || Buffer.byteLength(sql) <= LARGEST_STATEMENT)
    return undefined
  const problem = `it has ${Buffer.byteLength(sql)} bytes, and no more than ${LARGEST_STATEMENT} are read`
  return { rule: 'statement-too-large', problem, offset: 0 }
}

function reject(source: SourceText, sql: string, start: number, refused: Refusal): Unreadable {
  const place = source.placeAt(start + (refused.offset ?? 0))
  const statement = sql.length > 10_000 ? `${sql.slice(0, 200)} ...` : sql
  return { rule: refused.rule, place, problem: refused.problem, statement }
}

/** Placeholders are what most syntax errors of otherwise good files come from. */
function explained(sql: string, problem: SyntaxProblem): SyntaxProblem {
  const rest = sql.slice(problem.offset ?? sql.length)
  const placeholder =
    /^(?::\w+|:'\w+'|:"\w+"|\?|:)/.exec(rest)?.[0] ?? /\?(?=[\s,);]|$)/.exec(sql)?.[0]
  if (placeholder === undefined) return problem
  const note = 'a placeholder that somebody else fills in is no SQL yet: give what is really sent'
  return { ...problem, problem: `${problem.problem} (${note})` }
}

/**
 * Where SQL goes on behind the data of COPY FROM stdin: in the line after `\.`. Where there is no such line, there is no data, and
 * what follows has to be read.
 */
function afterData(reading: Reading, from: number): number {
  const { text } = reading.source
  const newline = text.indexOf('\n', from)
  if (reading.noData || newline < 0 || trimmed(text.slice(from, newline)) !== '') return from
  const end = /^\\\.\r?$/gm
  end.lastIndex = newline + 1
  if (end.exec(text) !== null) return end.lastIndex
  reading.noData = true
  return from
}
