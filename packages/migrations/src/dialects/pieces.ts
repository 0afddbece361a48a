import type { Comment } from '../sql/splitter.ts'
import { lexeme } from './tokens.ts'
import type { Lexis, Token } from './tokens.ts'

/** One statement, cut out of its file. */
export interface Piece {
  /** Empty where there is nothing but comments. */
  readonly tokens: readonly Token[]
  readonly comments: readonly Comment[]
  /** Set where a string, name or comment is not closed: then nothing can be said of the rest of the file. */
  readonly broken?: { readonly problem: string; readonly at: number }
}

interface Draft {
  readonly tokens: Token[]
  readonly comments: Comment[]
}

/** Cuts a file into its statements, bodies of triggers and routines kept whole. */
export function piecesOf(text: string, lexis: Lexis): readonly Piece[] {
  const pieces: Piece[] = []
  let draft: Draft = { tokens: [], comments: [] }
  let delimiter = ';'
  let body = NO_BODY
  const finish = (): void => {
    pieces.push(draft)
    draft = { tokens: [], comments: [] }
    body = NO_BODY
  }
  for (let at = 0; ;) {
    const changed = draft.tokens.length === 0 && lexis.delimiters && newDelimiter(text, at)
    if (changed) {
      delimiter = changed.delimiter
      at = changed.next
      continue
    }
    const ends = delimiterAt(text, at, delimiter, body)
    if (ends !== undefined) {
      finish()
      at = ends
      continue
    }
    const next = lexeme(text, at, lexis)
    if (next.is === 'broken') return [...pieces, { ...draft, broken: next }]
    if (next.is === 'end') break
    if (next.is === 'comment') draft.comments.push(commentOf(next, draft))
    at = next.next
    if (next.is === 'token') {
      const token = upTo(next.token, delimiter)
      draft.tokens.push(token)
      body = entered(body, draft.tokens)
      at = token.end
    }
  }
  finish()
  return pieces
}

/** A dollar is part of a word, unless the client takes it for the end of the statement. */
function upTo(token: Token, delimiter: string): Token {
  const length = token.kind === 'word' ? token.text.indexOf(delimiter) : -1
  if (length <= 0) return token
  return { ...token, text: token.text.slice(0, length), end: token.start + length }
}

function commentOf(one: { readonly start: number; readonly text: string }, draft: Draft): Comment {
  const text = one.text.replace(/^#/, ' ')
  return { start: one.start, text, inside: draft.tokens.length > 0 }
}

const DELIMITER = /\s*DELIMITER[ \t]+(\S+)[^\n]*/iy

function newDelimiter(
  text: string,
  at: number,
): { readonly delimiter: string; readonly next: number } | undefined {
  DELIMITER.lastIndex = at
  const found = DELIMITER.exec(text)
  return found?.[1] === undefined ? undefined : { delimiter: found[1], next: at + found[0].length }
}

/** Where the next statement begins, if this one ends here. */
function delimiterAt(text: string, at: number, delimiter: string, body: Body): number | undefined {
  if (delimiter === ';' && body.depth > 0) return undefined
  const start = at + (/^\s*/.exec(text.slice(at, at + 200))?.[0].length ?? 0)
  return text.startsWith(delimiter, start) ? start + delimiter.length : undefined
}

/** How deep inside the BEGIN, CASE and END of a trigger or routine. */
interface Body {
  readonly depth: number
  readonly routine: boolean
  readonly last: string
}

const NO_BODY: Body = { depth: 0, routine: false, last: '' }
const ROUTINES: ReadonlySet<string> = new Set(['TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT'])
const NESTED: ReadonlySet<string> = new Set(['IF', 'LOOP', 'WHILE', 'REPEAT'])

function entered(body: Body, tokens: readonly Token[]): Body {
  const token = tokens.at(-1)
  if (token?.kind !== 'word') return { ...body, last: '' }
  const last = token.text.toUpperCase()
  const creates = tokens[0]?.text.toUpperCase() === 'CREATE'
  const routine = body.routine || (creates && tokens.length < 12 && ROUTINES.has(last))
  return { depth: routine ? body.depth + step(body.last, last) : 0, routine, last }
}

function step(before: string, word: string): number {
  if (before === 'END') return NESTED.has(word) ? 1 : 0
  if (word === 'END') return -1
  return word === 'BEGIN' || word === 'CASE' ? 1 : 0
}
