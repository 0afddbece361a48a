import type { Node } from 'libpg-query'
import type { Statement } from './statement.ts'

/** Commands that the server refuses inside a transaction, whatever their options. */
const ALWAYS = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterSystemStmt',
])

/**
 * Whether the server refuses the statement inside a transaction (25001).
 *
 * Not told from SQL: CLUSTER and REINDEX of a partitioned table, which are refused as well.
 */
export function refusesTransaction({ kind, node }: Pick<Statement, 'kind' | 'node'>): boolean {
  return ALWAYS.has(kind) || isConcurrent(node) || isWholeDatabase(node) || isSubscription(node)
}

function isConcurrent(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true
  if ('DropStmt' in node) return node.DropStmt.concurrent === true
  if ('AlterTableStmt' in node) return node.AlterTableStmt.cmds?.some(detachesConcurrently) === true
  return 'ReindexStmt' in node && isSet(node.ReindexStmt.params, 'concurrently', false)
}

function detachesConcurrently(command: Node): boolean {
  if (!('AlterTableCmd' in command)) return false
  const { def } = command.AlterTableCmd
  return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true
}

const WHOLE_REINDEX = new Set<string | undefined>([
  'REINDEX_OBJECT_SCHEMA',
  'REINDEX_OBJECT_SYSTEM',
  'REINDEX_OBJECT_DATABASE',
])
const PREPARED = new Set<string | undefined>([
  'TRANS_STMT_COMMIT_PREPARED',
  'TRANS_STMT_ROLLBACK_PREPARED',
])

function isWholeDatabase(node: Node): boolean {
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined
  if ('ReindexStmt' in node) return WHOLE_REINDEX.has(node.ReindexStmt.kind)
  if ('DiscardStmt' in node) return node.DiscardStmt.target === 'DISCARD_ALL'
  if ('TransactionStmt' in node) return PREPARED.has(node.TransactionStmt.kind)
  return 'AlterDatabaseStmt' in node && has(node.AlterDatabaseStmt.options, 'tablespace')
}

/** They make, drop or ask for something on another server, which no ROLLBACK takes back. */
function isSubscription(node: Node): boolean {
  if ('DropSubscriptionStmt' in node) return true
  if ('CreateSubscriptionStmt' in node) {
    const { options } = node.CreateSubscriptionStmt
    return isSet(options, 'connect', true) && isSet(options, 'create_slot', true)
  }
  if (!('AlterSubscriptionStmt' in node)) return false
  const { kind, options } = node.AlterSubscriptionStmt
  if (kind === 'ALTER_SUBSCRIPTION_REFRESH') return true
  return String(kind).endsWith('_PUBLICATION') && isSet(options, 'refresh', true)
}

function has(options: readonly Node[] | undefined, name: string): boolean {
  return options?.some((option) => 'DefElem' in option && option.DefElem.defname === name) === true
}

/** The last one of several holds, as it does for the server; a bare name means true. */
function isSet(options: readonly Node[] | undefined, name: string, otherwise: boolean): boolean {
  let value = otherwise
  for (const option of options ?? []) {
    if ('DefElem' in option && option.DefElem.defname === name) value = isTrue(option.DefElem.arg)
  }
  return value
}

function isTrue(argument: Node | undefined): boolean {
  if (argument === undefined) return true
  if ('Boolean' in argument) return argument.Boolean.boolval === true
  if ('Integer' in argument) return argument.Integer.ival === 1
  return 'String' in argument && ['true', 'on'].includes((argument.String.sval ?? '').toLowerCase())
}
