import type {
  AlterDatabaseSetStmt,
  AlterRoleSetStmt,
  DoStmt,
  ExplainStmt,
  TransactionStmt,
  VariableSetStmt,
} from 'libpg-query'
import type { Effect } from './effect.ts'
import { blocking, harmless, refused, undecided } from './effects.ts'
import { isSwitchedOn, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'
import { writesIn } from './write-rules.ts'

/** SET and RESET. */
export function setEffects(node: VariableSetStmt): readonly Effect[] {
  const name = node.name ?? 'all'
  const value = nodesOf(node.args, 'A_Const').map(
    ({ sval, ival }) => sval?.sval ?? String(ival?.ival ?? ''),
  )[0]
  if (name === 'session_replication_role' && value === 'replica')
    return [undecided('triggers-switched-off', ['data'], { setting: name })]
  return [harmless('set-parameter', { setting: name })]
}

/** Settings that decide what the queries of a release mean. */
const TELLING = new Set([
  'search_path',
  'default_transaction_read_only',
  'row_security',
  'role',
  'session_authorization',
  'timezone',
  'datestyle',
  'standard_conforming_strings',
])

/** ALTER ROLE ... SET and ALTER DATABASE ... SET: they hold for sessions that begin later. */
export function standingSettingEffects({
  setstmt,
}: AlterRoleSetStmt | AlterDatabaseSetStmt): readonly Effect[] {
  const setting = setstmt?.name ?? 'all'
  const telling = TELLING.has(setting.toLowerCase())
  return [
    telling
      ? undecided('standing-setting', ['compat'], { setting }, { unobservable: true })
      : harmless('set-parameter', { setting }),
  ]
}

/** BEGIN, COMMIT, SAVEPOINT and the like. What they mean for others, `transactionEffects` says. */
export function transactionControlEffects(
  { kind }: TransactionStmt,
  { statement }: RuleContext,
): readonly Effect[] {
  if (statement.misplaced) {
    const problem = 'a block can only commit where no transaction is around it (2D000)'
    return [refused('server-refuses', { problem })]
  }
  if (kind === 'TRANS_STMT_PREPARE') return [blocking('prepare-transaction', {}, [])]
  return [harmless('transaction-control')]
}

/** EXPLAIN runs nothing, unless it is to ANALYZE. */
export function explainEffects(node: ExplainStmt, context: RuleContext): readonly Effect[] {
  const runs = isSwitchedOn(node.options, 'analyze')
  return [harmless('query'), ...(runs ? writesIn(node.query, context) : [])]
}

/** What a DO block does beside its statements, which are judged one by one. */
export function doEffects(_: DoStmt, { statement }: RuleContext): readonly Effect[] {
  return statement.dynamic
    ? [undecided('opaque-dynamic-sql', ['compat'], {})]
    : [harmless('do-block')]
}
