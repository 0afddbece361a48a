import { quoteLiteral } from '../oracles/sql-client.ts'

/** The text with its bound values written in as constants, for it is read without them. */
export async function boundSql(text: string, values: readonly (string | null)[]): Promise<string> {
  if (values.length === 0) return text
  const { loadModule, scanSync } = await import('libpg-query')
  await loadModule()
  const bytes = Buffer.from(text)
  const parts: string[] = []
  let at = 0
  for (const token of scanSync(text).tokens) {
    const [, number] = /^\$(\d+)$/.exec(token.text) ?? []
    if (number === undefined || token.tokenName !== 'PARAM') continue
    const value = values[Number(number) - 1] ?? null
    parts.push(
      bytes.toString('utf8', at, token.start),
      value === null ? 'NULL' : quoteLiteral(value),
    )
    at = token.end
  }
  return parts.join('') + bytes.toString('utf8', at)
}
