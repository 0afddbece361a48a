import type { Node } from 'libpg-query'
import { refusesTransaction } from '../sql/refuses-transaction.ts'
import type { Statement } from '../sql/statement.ts'

/**
 * What a statement waits for, and who waits for it meanwhile.
 *
 * - `lock`: takes a lock that readers or writers conflict with, for an instant; while it waits, they queue behind it
 * - `validate`: reads a table under a lock that nobody but other schema changes conflicts with
 * - `concurrent`: builds or drops outside of a transaction, while everybody works; waits for transactions to end
 * - `data`: reads and writes rows
 */
export type StepKind = 'lock' | 'validate' | 'concurrent' | 'data'

/** All kinds. */
export const STEP_KINDS: readonly StepKind[] = ['lock', 'validate', 'concurrent', 'data']

const DATA: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'CallStmt',
  'CreateTableAsStmt',
  'RefreshMatViewStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'TransactionStmt',
  'VacuumStmt',
])

/** The kind of one statement. A DO block is what the strictest of its statements is; one that cannot be read takes locks. */
export function kindOf(statement: Statement): StepKind {
  const { kind, node, inner, dynamic } = statement
  if (refusesTransaction(statement)) return 'concurrent'
  if (onlyValidates(node)) return 'validate'
  if (kind === 'DoStmt') {
    const kinds = new Set(inner.map(kindOf))
    return dynamic || kinds.has('lock') ? 'lock' : 'data'
  }
  return DATA.has(kind) ? 'data' : 'lock'
}

function onlyValidates(node: Node): boolean {
  if (!('AlterTableStmt' in node)) return false
  const { cmds = [] } = node.AlterTableStmt
  return cmds.every(
    (one) => 'AlterTableCmd' in one && one.AlterTableCmd.subtype === 'AT_ValidateConstraint',
  )
}
