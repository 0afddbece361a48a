/** A word, name, value or sign of a statement. Offsets are UTF-16 code units. */
export interface Token {
  /** A `name` is quoted, a `word` is not. */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign'
  /** Without quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** How a dialect writes what is not its grammar. */
export interface Lexis {
  /** `#` begins a comment. */
  readonly hashes: boolean
  /** Two dashes begin a comment only before a blank. */
  readonly dashesNeedBlank: boolean
  /** A backslash in a string escapes what follows. */
  readonly backslashes: boolean
  readonly doubleQuotes: 'name' | 'string'
  /** `[name]` is a name. */
  readonly brackets: boolean
  /** `DELIMITER` on a line of its own changes what ends a statement. */
  readonly delimiters: boolean
  /** Whether what stands in a comment such as `/*!80000 ... *\/` is run; gets `!80000` or `M!100100`. */
  readonly counts: (mark: string) => boolean
}

/** What begins at an offset, and where the next thing begins. */
export type Lexeme =
  | { readonly is: 'token'; readonly token: Token; readonly next: number }
  | { readonly is: 'comment'; readonly start: number; readonly text: string; readonly next: number }
  | { readonly is: 'mark'; readonly next: number }
  | { readonly is: 'broken'; readonly problem: string; readonly at: number }
  | { readonly is: 'end' }

const BLANKS = /\s*/y
const WORD = /[A-Za-z_$@\u0080-\uFFFF][\w$@\u0080-\uFFFF]*/y
const NUMBER = /\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+/iy
const SIGN = /<=>|<>|<=|>=|!=|:=|\|\||&&|->>|->|[^\s]/y
const VERSION_MARK = /\/\*(M?!\d*)/y
const LINE = /[^\n\r]*/y

/** The thing that begins at `from` or behind the blanks there. */
export function lexeme(text: string, from: number, lexis: Lexis): Lexeme {
  const at = from + (match(BLANKS, text, from)?.length ?? 0)
  const first = text[at]
  if (first === undefined) return { is: 'end' }
  return comment(text, at, lexis) ?? quoted(text, at, first, lexis) ?? plain(text, at)
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  const found = pattern.exec(text)
  return found?.[1] ?? found?.[0]
}

function comment(text: string, at: number, lexis: Lexis): Lexeme | undefined {
  if (text.startsWith('*/', at)) return { is: 'mark', next: at + 2 }
  if (text.startsWith('/*', at)) return blockComment(text, at, lexis)
  if (!isLineComment(text, at, lexis)) return undefined
  const line = match(LINE, text, at) ?? ''
  return { is: 'comment', start: at, text: line, next: at + line.length }
}

function isLineComment(text: string, at: number, lexis: Lexis): boolean {
  if (text[at] === '#') return lexis.hashes
  if (!text.startsWith('--', at)) return false
  return !lexis.dashesNeedBlank || /^(?:\s|$)/.test(text.slice(at + 2, at + 3))
}

function blockComment(text: string, at: number, lexis: Lexis): Lexeme {
  const mark = match(VERSION_MARK, text, at)
  if (mark !== undefined && lexis.counts(mark)) return { is: 'mark', next: at + 2 + mark.length }
  const end = text.indexOf('*/', at + 2)
  if (end < 0) return { is: 'broken', problem: 'a comment that is not closed', at }
  return { is: 'comment', start: at, text: text.slice(at, end + 2), next: end + 2 }
}

function quoted(text: string, at: number, first: string, lexis: Lexis): Lexeme | undefined {
  const kind = quoteKind(first, lexis)
  if (kind === undefined) return undefined
  const close = first === '[' ? ']' : first
  const escapes = kind === 'string' && lexis.backslashes
  let value = ''
  for (let place = at + 1; place < text.length; place += 1) {
    const sign = text[place] ?? ''
    const isDoubled = sign === close && text[place + 1] === close && first !== '['
    if (sign === close && !isDoubled) return found({ kind, text: value, start: at, end: place + 1 })
    if (isDoubled || (sign === '\\' && escapes)) place += 1
    value += text[place] ?? ''
  }
  return { is: 'broken', problem: `a ${close} that is not closed`, at }
}

function quoteKind(first: string, lexis: Lexis): 'name' | 'string' | undefined {
  if (first === "'") return 'string'
  if (first === '"') return lexis.doubleQuotes
  return first === '`' || (first === '[' && lexis.brackets) ? 'name' : undefined
}

function plain(text: string, at: number): Lexeme {
  const kinds = [
    ['word', WORD],
    ['number', NUMBER],
    ['sign', SIGN],
  ] as const
  for (const [kind, pattern] of kinds) {
    const value = match(pattern, text, at)
    if (value !== undefined) return found({ kind, text: value, start: at, end: at + value.length })
  }
  return { is: 'end' }
}

function found(token: Token): Lexeme {
  return { is: 'token', token, next: token.end }
}
