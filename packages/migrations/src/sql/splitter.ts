/** A comment that may hold a directive. */
export interface Comment {
  readonly start: number
  readonly text: string
  /** Stands behind the first word of its statement. */
  readonly inside: boolean
}

/** What lies between two semicolons. Offsets are UTF-16 code units. */
export interface Piece {
  /** Where its first word is; undefined where it holds nothing but blanks and comments. */
  readonly start: number | undefined
  /** Where its semicolon is, or the end of the text. */
  readonly end: number
  /** Where the next piece begins. */
  readonly next: number
  /** Holds a command to psql, which begins with a backslash. */
  readonly command: boolean
  /** A byte order mark that is no part of a string or comment. */
  readonly markAt: number | undefined
  readonly comments: readonly Comment[]
}

/** What a comment has to hold for a directive. */
export const DIRECTIVE_MARKER = 'changeover:'

const TOKEN = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*|\d\w*|--[^\n\r]*|\/\*|[^ \t\n\r\f\v]/g
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$/y
const BLANKS = /[ \t\n\r\f\v]*/y
const COMMENT_EDGE = /\/\*|\*\//g
const MARK = '\uFEFF'

/** Drizzle sends what stands before and behind this comment apart, semicolon or not. */
export const BREAKPOINT = '--> statement-breakpoint'

/** What has been seen of the piece so far. */
interface Progress {
  start: number | undefined
  markAt: number | undefined
  comments: Comment[]
  /** The first words tell whether semicolons inside are part of the statement. */
  words: string[]
  lastWord: string
  /** Open `BEGIN ATOMIC` and `CASE` of a routine. */
  bodies: number
  /** Open parentheses of a rule. */
  parentheses: number
}

/**
 * Finds the piece that begins at `from`. Reads each character once, so that a file costs as much as it is long.
 *
 * Only the words that decide where a statement ends are understood; everything else is left to the grammar.
 */
export function nextPiece(text: string, from: number): Piece {
  const seen: Progress = {
    start: undefined,
    markAt: undefined,
    comments: [],
    words: [],
    lastWord: '',
    bodies: 0,
    parentheses: 0,
  }
  let at = from
  for (;;) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)
    if (token === null) return finish(seen, text.length, text.length)
    const [word] = token
    if (word === ';' && seen.bodies === 0 && seen.parentheses === 0) {
      return finish(seen, token.index, token.index + 1)
    }
    if (word === '\\') return command(seen, text, token.index)
    if (word.startsWith(BREAKPOINT)) {
      return finish(seen, token.index, token.index + word.length)
    }
    at = pass(seen, text, token.index, word)
  }
}

function finish(seen: Progress, end: number, next: number, isCommand = false): Piece {
  const { start, markAt, comments } = seen
  return { start, end, next, command: isCommand, markAt, comments }
}

/** A command ends with its line, wherever it begins. */
function command(seen: Progress, text: string, at: number): Piece {
  const newline = text.indexOf('\n', at)
  const end = newline < 0 ? text.length : newline
  return finish({ ...seen, start: seen.start ?? at }, end, end, true)
}

/** Takes note of a token and tells where the next one may begin. */
function pass(seen: Progress, text: string, at: number, word: string): number {
  if (word.startsWith('--')) return passComment(seen, text, at, at + word.length)
  if (word === '/*') return passComment(seen, text, at, endOfBlockComment(text, at))
  seen.start ??= at
  if (word === "'") return text.length === at + 1 ? at + 1 : endOfString(text, at + 1)
  if (word === '"') return endOfQuoted(text, at + 1, '"')
  if (word === '$') return endOfDollarQuoted(text, at)
  if (word === 'e' || word === 'E') {
    if (text[at + 1] === "'") return endOfEscapedString(text, at + 2)
  }
  if (word.includes(MARK)) seen.markAt ??= at + word.indexOf(MARK)
  note(seen, word)
  return at + word.length
}

function passComment(seen: Progress, text: string, start: number, end: number): number {
  const comment = text.slice(start, end)
  if (comment.includes(DIRECTIVE_MARKER)) {
    seen.comments.push({ start, text: comment, inside: seen.start !== undefined })
  }
  return end
}

function note(seen: Progress, word: string): void {
  if (word === '(' || word === ')') return noteParenthesis(seen, word)
  if (!/^[A-Za-z_]/.test(word)) return
  const lower = word.toLowerCase()
  if (seen.words.length < 4) seen.words.push(lower)
  if (creates(seen.words, ['function', 'procedure'])) noteBody(seen, lower)
  seen.lastWord = lower
}

function noteParenthesis(seen: Progress, word: string): void {
  if (!creates(seen.words, ['rule'])) return
  seen.parentheses = Math.max(0, seen.parentheses + (word === '(' ? 1 : -1))
}

function noteBody(seen: Progress, word: string): void {
  if (word === 'atomic' && seen.lastWord === 'begin') seen.bodies = 1
  else if (seen.bodies > 0 && word === 'case') seen.bodies += 1
  else if (seen.bodies > 0 && word === 'end') seen.bodies -= 1
}

function creates(
  [first, second, third, fourth]: readonly string[],
  what: readonly string[],
): boolean {
  if (first !== 'create') return false
  const noun = second === 'or' && third === 'replace' ? fourth : second
  return noun !== undefined && what.includes(noun)
}

function endOfString(text: string, from: number): number {
  return endOfQuoted(text, from, "'")
}

function endOfQuoted(text: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = text.indexOf(quote, at)
    if (at < 0) return text.length
    if (text[at + 1] !== quote) return at + 1
  }
}

function endOfEscapedString(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const character = text[at]
    if (character === '\\') at += 2
    else if (character !== "'") at += 1
    else if (text[at + 1] === "'") at += 2
    else {
      const goesOn = continuation(text, at + 1)
      if (goesOn === undefined) return at + 1
      at = goesOn
    }
  }
  return text.length
}

/** A string goes on where the next line begins with a quote, and so do its escapes. */
function continuation(text: string, from: number): number | undefined {
  BLANKS.lastIndex = from
  const [blanks = ''] = BLANKS.exec(text) ?? []
  const at = from + blanks.length
  return /[\n\r]/.test(blanks) && text[at] === "'" ? at + 1 : undefined
}

function endOfDollarQuoted(text: string, from: number): number {
  DOLLAR.lastIndex = from
  const [tag] = DOLLAR.exec(text) ?? []
  if (tag === undefined) return from + 1
  const end = text.indexOf(tag, from + tag.length)
  return end < 0 ? text.length : end + tag.length
}

function endOfBlockComment(text: string, from: number): number {
  COMMENT_EDGE.lastIndex = from
  for (let depth = 0; ;) {
    const edge = COMMENT_EDGE.exec(text)
    if (edge === null) return text.length
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return COMMENT_EDGE.lastIndex
  }
}
