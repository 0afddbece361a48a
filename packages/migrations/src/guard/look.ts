import type { Statement } from '../sql/statement.ts'
import { refusesTransaction } from '../sql/refuses-transaction.ts'
import type { GuardClient } from './guard-client.ts'
import { lookAtAlterTable, lookAtDetach } from './look-at-table.ts'
import { lookAtCreate, lookAtDrop } from './look-at-object.ts'
import { lookAtIndex, lookAtReindex } from './look-at-index.ts'
import type { Sight } from './sight.ts'
import type { GuardStep } from './steps.ts'

/** It does no harm to run these once more. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'VacuumStmt',
  'ClusterStmt',
  'AlterSystemStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'CheckPointStmt',
])

/** Looks at what is there of a statement. Changes nothing. */
export async function lookAt(client: GuardClient, statement: Statement): Promise<Sight> {
  const { node, kind } = statement
  if (REPEATABLE.has(kind)) return { sees: 'absent' }
  if ('IndexStmt' in node) return lookAtIndex(client, node.IndexStmt)
  if ('ReindexStmt' in node) return lookAtReindex(client, node.ReindexStmt)
  if ('DropStmt' in node) return lookAtDrop(client, node.DropStmt)
  if ('CreateStmt' in node) return lookAtCreate(client, node.CreateStmt)
  if (!('AlterTableStmt' in node)) return { sees: 'unknown' }
  return refusesTransaction(statement)
    ? lookAtDetach(client, node.AlterTableStmt)
    : lookAtAlterTable(client, node.AlterTableStmt)
}

/**
 * Whether everything that a step does is there to be seen. Of a step that was never begun only an index that is built outside of
 * transactions counts: anything else may be there for another reason, and the server will say so.
 */
export async function isThere(
  client: GuardClient,
  { statements, transaction }: Pick<GuardStep, 'statements' | 'transaction'>,
  begun: boolean,
): Promise<boolean> {
  if (!begun && (transaction !== undefined || statements.some(({ kind }) => kind !== 'IndexStmt')))
    return false
  for (const statement of statements) {
    const { sees } = await lookAt(client, statement)
    if (sees !== 'done') return false
  }
  return statements.length > 0
}
