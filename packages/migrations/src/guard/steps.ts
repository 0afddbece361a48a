import { createHash } from 'node:crypto'
import { refuse } from '../migration-error.ts'
import type { Migration } from '../migration.ts'
import { refusesTransaction } from '../sql/refuses-transaction.ts'
import type { Script, Statement } from '../sql/statement.ts'

/** What is done in one go: a transaction of a migration, or one statement that refuses to be in a transaction. */
export interface GuardStep {
  readonly migration: Migration
  /** Place in its migration, from 0. */
  readonly index: number
  readonly statements: readonly Statement[]
  /** Steps with the same number from 0 are committed together; undefined for a statement outside of any transaction. */
  readonly transaction: number | undefined
}

/** A migration with the steps that it is made of. */
export interface SteppedMigration {
  readonly migration: Migration
  readonly script: Script
  readonly checksum: string
  readonly steps: readonly GuardStep[]
}

/** SHA-256 of the text; how lines end does not count. */
export function checksumOf({ sql }: Pick<Migration, 'sql'>): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex')
}

/** The steps of a migration that was read. Pure. */
export function stepsOf(migration: Migration, script: Script): SteppedMigration {
  const steps: GuardStep[] = []
  let open: Statement[] | undefined
  let current: number | undefined
  for (const statement of script.statements) {
    if (endsOrBegins(statement)) continue
    const transaction = transactionOf(statement, steps.length)
    if (open && transaction !== undefined && transaction === current) open.push(statement)
    else {
      open = [statement]
      steps.push({ migration, index: steps.length, statements: open, transaction })
    }
    current = transaction
  }
  return { migration, script, checksum: checksumOf(migration), steps }
}

/** Outside of transactions each statement gets one of its own (below 0), so that the journal is written with it. */
function transactionOf(statement: Statement, index: number): number | undefined {
  if (refusesTransaction(statement) || commitsItself(statement)) return undefined
  return statement.transaction ?? -1 - index
}

function commitsItself({ inner }: Statement): boolean {
  return inner.some(({ kind }) => kind === 'TransactionStmt')
}

const ENDS = new Set<string | undefined>([
  'TRANS_STMT_BEGIN',
  'TRANS_STMT_START',
  'TRANS_STMT_COMMIT',
])

/** The guard itself begins and commits. */
function endsOrBegins({ node }: Statement): boolean {
  return 'TransactionStmt' in node && ENDS.has(node.TransactionStmt.kind)
}

/**
 * Refuses what the guard could not account for afterwards.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_UNSENDABLE`
 */
export function refuseUnsendable({ migration, script }: SteppedMigration): void {
  const [unreadable] = script.unreadable
  if (unreadable)
    throw unsendable(migration, unreadable.place.line, unreadable.statement, unreadable.problem)
  for (const statement of script.statements) {
    const problem = problemOf(statement)
    if (problem) throw unsendable(migration, statement.place.line, statement.sql, problem)
  }
}

function problemOf({ node, kind }: Statement): string | undefined {
  if ('TransactionStmt' in node) {
    const control = node.TransactionStmt.kind
    if (control === 'TRANS_STMT_ROLLBACK') return 'it rolls back what the journal says was done'
    return String(control).includes('PREPARE') ? 'it leaves its end to somebody else' : undefined
  }
  if (kind === 'DiscardStmt') return 'it may give up the lock of the guard'
  return kind === 'CopyStmt' && 'CopyStmt' in node && !node.CopyStmt.filename
    ? 'its rows come from the client'
    : undefined
}

function unsendable(migration: Migration, line: number, sql: string, problem: string): Error {
  const statement = firstLine(sql)
  return refuse('CHANGEOVER_MIGRATIONS_UNSENDABLE', {
    statement,
    place: `${migration.file}:${line}`,
    problem,
  })
}

/** Where a step is, for messages. */
export function placeOf({
  migration,
  statements,
}: Pick<GuardStep, 'migration' | 'statements'>): string {
  const line = statements[0]?.place.line ?? 1
  return `${migration.file}:${line} (migration ${migration.id})`
}

/** The beginning of a statement, for messages. */
export function firstLine(sql: string): string {
  const [line = ''] = sql.trim().split('\n')
  return line.length > 160 ? `${line.slice(0, 160)}...` : line
}
