import type { MutableCatalog } from '../catalog/mutable-catalog.ts'
import { byTransaction } from '../sql/by-transaction.ts'
import type { Statement } from '../sql/statement.ts'
import { effectsOf } from './effects-of.ts'
import type { JudgedStatement } from './judged-statement.ts'
import { transactionEffects } from './transaction-rules.ts'

/** What each statement does on the schema that it meets, transaction by transaction. The catalog is afterwards what they leave behind. */
export function judgeStatements(
  statements: readonly Statement[],
  catalog: MutableCatalog,
  server: { readonly version: number },
): JudgedStatement[] {
  return byTransaction(statements).flatMap((group) => {
    const judged = group.map((statement): JudgedStatement => {
      const effects = effectsOf(statement, catalog, server)
      catalog.apply(statement)
      return { statement, effects }
    })
    return [...transactionEffects(judged, catalog, server)]
  })
}
