/** A query as contracts hold it. */
export interface NormalisedQuery {
  readonly sql: string
  /** The numbers that its parameters had as it was sent, in the order of those that they have now. */
  readonly parameters: readonly number[]
}

interface Token {
  readonly text: string
  /** What stands before it. */
  readonly gap: '' | ' ' | '\n'
}

const TOKEN =
  /\s+|--[^\n\r]*|[eE]'(?:[^'\\]|''|\\[\s\S])*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$([A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$[\s\S]*?\$\1\$|\$\d+|[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*|\d[\w.]*|\/\*|[\s\S]/gu
const EDGE = /\/\*|\*\//g
const PARAMETER = /^\$\d+$/

/**
 * Takes out comments and superfluous white space, and makes one of texts that differ in the length of a list alone: `IN ($1, $2)`
 * becomes `IN ($1)`, and of rows of VALUES that look alike the first one stays. Literals stay as they are. Pure.
 */
export function normaliseQuery(sql: string): NormalisedQuery {
  const tokens = tokensOf(sql)
  while (tokens.at(-1)?.text === ';') tokens.pop()
  const kept = shortenRows(shortenLists(tokens))
  const numbers = [
    ...new Set(kept.flatMap(({ text }) => (isParameter(text) ? [numberOf(text)] : []))),
  ].toSorted((one, other) => one - other)
  const isShorter = kept.length < tokens.length
  const text = kept.map(({ text: word, gap }, place) => {
    const written =
      isShorter && isParameter(word) ? `$${numbers.indexOf(numberOf(word)) + 1}` : word
    return place === 0 ? written : gap + written
  })
  return { sql: text.join(''), parameters: numbers }
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let gap = ''
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(sql); found !== null; found = TOKEN.exec(sql)) {
    const [text] = found
    if (text === '/*') {
      TOKEN.lastIndex = endOfComment(sql, found.index)
      gap += ' '
    } else if (text.startsWith('--')) gap += '\n'
    else if (text.trim() === '') gap += text
    else {
      tokens.push({ text, gap: gapBefore(text, gap, tokens.at(-1)) })
      gap = ''
    }
  }
  return tokens
}

/** Two strings are one where a line ends between them. */
function gapBefore(text: string, gap: string, before: Token | undefined): Token['gap'] {
  if (gap === '') return ''
  const isContinued = text.startsWith("'") && before?.text.endsWith("'") === true
  return isContinued && /[\n\r]/.test(gap) ? '\n' : ' '
}

/** Comments may hold comments. */
function endOfComment(sql: string, from: number): number {
  EDGE.lastIndex = from
  for (let depth = 0; ;) {
    const edge = EDGE.exec(sql)
    if (edge === null) return sql.length
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return EDGE.lastIndex
  }
}

/** `IN ($1, $2, $3)` */
function shortenLists(tokens: readonly Token[]): Token[] {
  const kept: Token[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]
    if (token === undefined) break
    kept.push(token)
    const list =
      isWord(token, 'in') && tokens[at + 1]?.text === '(' ? closing(tokens, at + 1) : undefined
    if (list === undefined || !isListOfParameters(tokens.slice(at + 2, list))) continue
    kept.push(...tokens.slice(at + 1, at + 3))
    at = list - 1
  }
  return kept
}

function isListOfParameters(tokens: readonly Token[]): boolean {
  const odd = tokens.filter((_, place) => place % 2 === 1)
  const even = tokens.filter((_, place) => place % 2 === 0)
  return (
    even.length > 1 &&
    even.every(({ text }) => isParameter(text)) &&
    odd.every(({ text }) => text === ',')
  )
}

/** `VALUES ($1, $2), ($3, $4)` */
function shortenRows(tokens: readonly Token[]): Token[] {
  const kept: Token[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]
    if (token === undefined) break
    kept.push(token)
    if (!isWord(token, 'values') || tokens[at + 1]?.text !== '(') continue
    const { first, end } = rowsFrom(tokens, at + 1)
    if (end === undefined) continue
    kept.push(...tokens.slice(at + 1, first))
    at = end - 1
  }
  return kept
}

/** Where the first row ends, and where all do; undefined where they do not look alike. */
function rowsFrom(
  tokens: readonly Token[],
  from: number,
): { readonly first: number; readonly end?: number } {
  const first = (closing(tokens, from) ?? tokens.length) + 1
  const shape = shapeOf(tokens.slice(from, first))
  let end = first
  while (tokens[end]?.text === ',' && tokens[end + 1]?.text === '(') {
    const next = closing(tokens, end + 1)
    if (next === undefined || shapeOf(tokens.slice(end + 1, next + 1)) !== shape) return { first }
    end = next + 1
  }
  return { first, end }
}

function shapeOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => (isParameter(text) ? '$' : text)).join(' ')
}

/** Where the parenthesis closes that opens there. */
function closing(tokens: readonly Token[], from: number): number | undefined {
  let depth = 0
  for (let at = from; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1
    if (tokens[at]?.text === ')') depth -= 1
    if (depth === 0) return at
  }
  return undefined
}

function isWord({ text }: Token, word: string): boolean {
  return text.toLowerCase() === word
}

function isParameter(text: string): boolean {
  return PARAMETER.test(text)
}

function numberOf(text: string): number {
  return Number(text.slice(1))
}
