import { piecesOf } from '../dialects/pieces.ts'
import { commaParts, wordOf } from './cursor.ts'
import { mysqlLexis } from './lexis.ts'
import type { Token } from '../dialects/tokens.ts'

/** Which server is asked. */
export interface GuardedDdlOptions {
  readonly server: 'mysql' | 'mariadb'
}

/** A statement that the server refuses rather than keep anybody waiting. */
export interface GuardedStatement {
  readonly algorithm: 'INSTANT' | 'NOCOPY' | 'INPLACE' | 'AS WRITTEN'
  readonly sql: string
}

/**
 * The statement with `ALGORITHM=..., LOCK=NONE` behind it, in the forms to try one after the other, the cheapest first: each is
 * refused at once (errors 1845, 1846) where the server would have to do more, so that no form ever blocks readers or writers.
 *
 * Empty for statements to which the server has no such words (it takes them for ALTER TABLE, CREATE INDEX and DROP INDEX). One
 * that says ALGORITHM or LOCK itself is given back as it is.
 *
 * @example
 * ```ts
 * guardedDdl('ALTER TABLE users DROP COLUMN bio', { server: 'mariadb' })[0]?.sql
 * // 'ALTER TABLE users DROP COLUMN bio, ALGORITHM=INSTANT, LOCK=NONE'
 * ```
 */
export function guardedDdl(
  sql: string,
  { server }: GuardedDdlOptions,
): readonly GuardedStatement[] {
  const lexis = mysqlLexis({ dialect: server, serverVersion: 10 })
  const pieces = piecesOf(sql, lexis).filter(({ tokens }) => tokens.length > 0)
  const [piece] = pieces
  const form = piece && pieces.length === 1 && !piece.broken ? formOf(piece.tokens) : undefined
  if (!piece || !form) return []
  const written = sql.slice(piece.tokens[0]?.start, piece.tokens.at(-1)?.end)
  if (asks(piece.tokens)) return [{ algorithm: 'AS WRITTEN', sql: written }]
  const isDrop = wordOf(piece.tokens[0]) === 'DROP'
  const statement = isDrop ? asAlterTable(sql, piece.tokens) : written
  const separator = form === 'alter' || isDrop ? ', ' : ' '
  return ATTEMPTS[server][form].map(({ algorithm, words }) => ({
    algorithm,
    sql: [statement, ...words].join(separator),
  }))
}

type Form = 'alter' | 'index'

interface Attempt {
  readonly algorithm: 'INSTANT' | 'NOCOPY' | 'INPLACE'
  readonly words: readonly string[]
}

function attempt(algorithm: Attempt['algorithm'], ...more: readonly string[]): Attempt {
  return { algorithm, words: [`ALGORITHM=${algorithm}`, ...more] }
}

const IN_PLACE = attempt('INPLACE', 'LOCK=NONE')
const MARIADB = [attempt('INSTANT', 'LOCK=NONE'), attempt('NOCOPY', 'LOCK=NONE'), IN_PLACE]

/** MySQL knows no NOCOPY, takes no LOCK beside INSTANT (which never blocks), and no INSTANT behind CREATE INDEX. */
const ATTEMPTS: Readonly<Record<'mysql' | 'mariadb', Readonly<Record<Form, readonly Attempt[]>>>> =
  {
    mysql: { alter: [attempt('INSTANT'), IN_PLACE], index: [IN_PLACE] },
    mariadb: { alter: MARIADB, index: MARIADB },
  }

/** `DROP INDEX a ON t` of MariaDB takes no ALGORITHM; the ALTER TABLE that it stands for does on both servers. */
function asAlterTable(sql: string, tokens: readonly Token[]): string {
  const on = tokens.findIndex((token) => wordOf(token) === 'ON')
  const index = sql.slice(tokens[2]?.start, tokens[on]?.start).trim()
  return `ALTER TABLE ${sql.slice(tokens[on]?.end, tokens.at(-1)?.end).trim()} DROP INDEX ${index}`
}

function formOf(tokens: readonly Token[]): Form | undefined {
  const words = tokens.slice(0, 5).map(wordOf)
  if (words[0] === 'ALTER' && words.includes('TABLE')) return 'alter'
  if (words[0] === 'DROP') return words[1] === 'INDEX' ? 'index' : undefined
  return words[0] === 'CREATE' && words.includes('INDEX') ? 'index' : undefined
}

function asks(tokens: readonly Token[]): boolean {
  return commaParts(tokens).some((part) =>
    part.some((token, index) => {
      const isOption = wordOf(token) === 'ALGORITHM' || wordOf(token) === 'LOCK'
      return isOption && (wordOf(part[index + 1]) === '=' || part[index + 1]?.kind === 'word')
    }),
  )
}
