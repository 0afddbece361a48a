import type { Token } from '../dialects/tokens.ts'

/** Walks over the tokens of a statement. */
export interface Cursor {
  readonly done: () => boolean
  /** The token `ahead` places from here. */
  readonly peek: (ahead?: number) => Token | undefined
  /** The unquoted word here in upper case, or the sign; empty at the end and for names and values. */
  readonly word: (ahead?: number) => string
  /** Moves behind these words if all of them stand here. */
  readonly take: (...words: readonly string[]) => boolean
  /** Moves behind one of these words, and says which. */
  readonly takeOne: (...words: readonly string[]) => string | undefined
  /** Moves on by one and gives what stood there. */
  readonly next: () => Token | undefined
  /** A name, quoted or not. */
  readonly name: () => string | undefined
  /** A name with what it is qualified by, joined by a dot. */
  readonly path: () => string | undefined
  /** What stands between the parentheses that open here, and moves behind them; undefined where none open. */
  readonly group: () => readonly Token[] | undefined
}

/** A cursor at the first of the tokens. */
export function cursorOn(tokens: readonly Token[]): Cursor {
  let at = 0
  const peek = (ahead = 0): Token | undefined => tokens[at + ahead]
  const word = (ahead = 0): string => wordOf(peek(ahead))
  const take = (...words: readonly string[]): boolean => {
    if (!words.every((each, index) => word(index) === each)) return false
    at += words.length
    return true
  }
  const next = (): Token | undefined => tokens[at++]
  const name = (): string | undefined => {
    const token = peek()
    if (token?.kind !== 'word' && token?.kind !== 'name') return undefined
    at += 1
    return token.text
  }
  return {
    done: () => at >= tokens.length,
    peek,
    word,
    take,
    takeOne: (...words) => words.find((each) => take(...each.split(' '))),
    next,
    name,
    path: () => {
      const parts = [name()]
      while (take('.')) parts.push(name())
      return parts.includes(undefined) ? undefined : parts.join('.')
    },
    group: () => {
      const end = closing(tokens, at)
      if (end === undefined) return undefined
      const inside = tokens.slice(at + 1, end)
      at = end + 1
      return inside
    },
  }
}

/** An unquoted word in upper case, or a sign. */
export function wordOf(token: Token | undefined): string {
  if (token?.kind === 'word') return token.text.toUpperCase()
  return token?.kind === 'sign' ? token.text : ''
}

/** Cuts at the commas that stand in no parentheses. */
export function commaParts(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    const sign = wordOf(token)
    depth += sign === '(' ? 1 : 0
    depth -= sign === ')' ? 1 : 0
    if (sign === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

/** The place of the parenthesis that closes the one at `start`. */
function closing(tokens: readonly Token[], start: number): number | undefined {
  if (wordOf(tokens[start]) !== '(') return undefined
  let depth = 0
  for (let at = start; at < tokens.length; at += 1) {
    const sign = wordOf(tokens[at])
    if (sign === '(') depth += 1
    if (sign === ')') depth -= 1
    if (depth === 0) return at
  }
  return undefined
}
