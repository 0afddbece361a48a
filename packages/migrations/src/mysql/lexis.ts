import type { Lexis } from '../dialects/tokens.ts'

/** Which of the two servers, and its version, such as 8 or 10.11. */
export interface MysqlServer {
  readonly dialect: 'mysql' | 'mariadb'
  readonly serverVersion: number
}

/** How MySQL and MariaDB write comments, names and strings. */
export function mysqlLexis(server: MysqlServer): Lexis {
  return {
    hashes: true,
    dashesNeedBlank: true,
    backslashes: true,
    doubleQuotes: 'string',
    brackets: false,
    delimiters: true,
    counts: (mark) => isRun(mark, server),
  }
}

/** MariaDB leaves out what MySQL 5.7 and later brought; MySQL leaves out everything that is marked for MariaDB. */
function isRun(mark: string, { dialect, serverVersion }: MysqlServer): boolean {
  const [, forMaria = '', digits = ''] = /^(M?)!(\d*)$/.exec(mark) ?? []
  if (dialect === 'mysql' && forMaria) return false
  const asked = Number(digits)
  const isForeign = dialect === 'mariadb' && !forMaria && asked >= 50_700 && asked <= 99_999
  return !isForeign && asked < (Math.floor(serverVersion) + 1) * 10_000
}
