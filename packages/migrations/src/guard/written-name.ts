import type { Node, RangeVar } from 'libpg-query'
import { quoteName } from '../oracles/sql-client.ts'

/** A relation as the statement wrote it, quoted, to be looked up through the search path. */
export function relationText(relation: RangeVar | undefined): string {
  const { schemaname, relname = '' } = relation ?? {}
  return [...(schemaname ? [schemaname] : []), relname].map(quoteName).join('.')
}

/** The words of a list of strings. */
export function wordsOf(list: readonly Node[] | undefined): string[] {
  return (list ?? []).map((one) => ('String' in one ? (one.String.sval ?? '') : ''))
}

/** A list of strings as a quoted name. */
export function nameText(list: readonly Node[] | undefined): string {
  return wordsOf(list).map(quoteName).join('.')
}
