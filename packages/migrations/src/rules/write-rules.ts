import type {
  CopyStmt,
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  SelectStmt,
  UpdateStmt,
  WithClause,
} from 'libpg-query'
import { isBounded, smallTables } from './bounded.ts'
import type { Reach } from './bounded.ts'
import type { Effect, LockWork } from './effect.ts'
import { blocking, harmless, isPrivate, lockOn } from './effects.ts'
import { callsIn } from './function-calls.ts'
import { rangeName, sqlName } from './object-names.ts'
import { nodeOf, nodesOf } from './rule-context.ts'
import type { RuleContext } from './rule-context.ts'

/** INSERT. */
export function insertEffects(node: InsertStmt, context: RuleContext): readonly Effect[] {
  const locks = scansOf(nodeOf(node.selectStmt, 'SelectStmt'), context)
  const own = upserts(node)
    ? unbounded('UPDATE', node.relation, context)
    : harmless('insert', tableNames(node.relation), { locks })
  return [own, ...withEffects(node.withClause, context), ...callsIn(node, context)]
}

/** Whether it may update any number of rows: ON CONFLICT DO UPDATE fed by a table without LIMIT. */
function upserts({ onConflictClause, selectStmt }: InsertStmt): boolean {
  if (onConflictClause?.action !== 'ONCONFLICT_UPDATE') return false
  const source = nodeOf(selectStmt, 'SelectStmt')
  return (
    source !== undefined &&
    !source.valuesLists?.length &&
    Boolean(source.fromClause?.length) &&
    !source.limitCount
  )
}

/** UPDATE. */
export function updateEffects(node: UpdateStmt, context: RuleContext): readonly Effect[] {
  return writeEffects('UPDATE', node, node.fromClause, context)
}

/** DELETE. */
export function deleteEffects(node: DeleteStmt, context: RuleContext): readonly Effect[] {
  return writeEffects('DELETE', node, node.usingClause, context)
}

function writeEffects(
  verb: 'UPDATE' | 'DELETE',
  node: UpdateStmt | DeleteStmt,
  from: readonly Node[] = [],
  context: RuleContext,
): Effect[] {
  const relation = context.catalog.relation(rangeName(node.relation))
  const small = smallTables(node.withClause)
  const reach: Reach = { target: node.relation, relation, where: node.whereClause, from, small }
  const own =
    isBounded(reach) && !context.statement.repeated
      ? harmless('bounded-write', { ...tableNames(node.relation), verb }, { phase: 'backfill' })
      : unbounded(verb, node.relation, context)
  return [own, ...withEffects(node.withClause, context), ...callsIn(node, context)]
}

/** MERGE: bounded by what it is fed with; one that only inserts touches no row that is there. */
export function mergeEffects(node: MergeStmt, context: RuleContext): readonly Effect[] {
  const names = tableNames(node.relation)
  const clauses = nodesOf(node.mergeWhenClauses, 'MergeWhenClause')
  const changes = clauses.filter(
    ({ commandType }) => commandType === 'CMD_UPDATE' || commandType === 'CMD_DELETE',
  )
  const relation = context.catalog.relation(rangeName(node.relation))
  const from = node.sourceRelation ? [node.sourceRelation] : []
  const small = smallTables(node.withClause)
  const bySource = changes.some(({ matchKind }) => matchKind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE')
  const bounded =
    !bySource &&
    !context.statement.repeated &&
    isBounded({ target: node.relation, relation, where: node.joinCondition, from, small })
  const write = changes.length > 0 && !bounded
  const own = write
    ? unbounded('UPDATE', node.relation, context)
    : harmless('bounded-write', { ...names, verb: 'MERGE' })
  return [own, ...withEffects(node.withClause, context), ...callsIn(node, context)]
}

function unbounded(verb: string, target: RangeVar | undefined, { catalog }: RuleContext): Effect {
  const relation = catalog.relation(rangeName(target))
  const { table } = tableNames(target)
  const names = {
    table,
    verb,
    batch: verb === 'DELETE' ? `DELETE FROM ${table}` : `UPDATE ${table} SET ...`,
  }
  if (isPrivate(relation)) return harmless('write-new-table', names)
  return blocking('unbatched-backfill', names, lockOn(relation, 'ROW EXCLUSIVE', 'update'), {
    phase: 'backfill',
  })
}

/** SELECT: what it writes on the way, what it locks and what it calls. */
export function selectEffects(node: SelectStmt, context: RuleContext): readonly Effect[] {
  const into = node.intoClause ? [harmless('create-table-as', tableNames(node.intoClause.rel))] : []
  const scan = harmless('query', {}, { locks: scansOf(node, context) })
  return [
    ...into,
    scan,
    ...withEffects(node.withClause, context),
    ...rowLocks(node, context),
    ...callsIn(node, context),
  ]
}

/** Tables that a query reads from one end to the other: they keep nobody waiting, unless a lock is held meanwhile. */
function scansOf(select: SelectStmt | undefined, context: RuleContext): LockWork[] {
  if (!select) return []
  const arms = [select.larg, select.rarg].flatMap((each) => scansOf(each, context))
  if (select.limitCount && !select.sortClause?.length) return arms
  const small = smallTables(select.withClause)
  const where = select.whereClause
  const tables = tablesIn(select.fromClause)
  const scans = tables.flatMap((target) => {
    const relation = context.catalog.relation(rangeName(target))
    const few =
      small.has(target.relname ?? '') ||
      isBounded({ target, relation, where, from: tables.map((RangeVar) => ({ RangeVar })), small })
    return few ? [] : lockOn(relation, 'ACCESS SHARE', 'scan')
  })
  return [...arms, ...scans]
}

function tablesIn(from: readonly Node[] | undefined): RangeVar[] {
  const joined = nodesOf(from, 'JoinExpr').flatMap(({ larg, rarg }) =>
    [larg, rarg].flatMap((each) => (each ? tablesIn([each]) : [])),
  )
  return [...nodesOf(from, 'RangeVar'), ...joined]
}

/** FOR UPDATE and FOR SHARE lock rows as an UPDATE of them would. */
function rowLocks(node: SelectStmt, context: RuleContext): Effect[] {
  const [target] = nodesOf(node.fromClause, 'RangeVar')
  if (!node.lockingClause?.length || node.limitCount || !target) return []
  const relation = context.catalog.relation(rangeName(target))
  const small = smallTables(node.withClause)
  const bounded = isBounded({
    target,
    relation,
    where: node.whereClause,
    from: node.fromClause ?? [],
    small,
  })
  return bounded || isPrivate(relation)
    ? []
    : [blocking('select-for-update', tableNames(target), [])]
}

function withEffects(clause: WithClause | undefined, context: RuleContext): Effect[] {
  return nodesOf(clause?.ctes, 'CommonTableExpr').flatMap(({ ctequery }) =>
    writesIn(ctequery, context),
  )
}

/** What a query does beside giving rows: what it scans, and what a common table expression in it writes. */
export function writesIn(query: Node | undefined, context: RuleContext): Effect[] {
  return queryEffects(query, context).filter(({ rule, locks }) => rule !== 'query' || locks?.length)
}

/** The effects of a query of any kind, such as one under EXPLAIN or in a common table expression. */
function queryEffects(query: Node | undefined, context: RuleContext): readonly Effect[] {
  const select = nodeOf(query, 'SelectStmt')
  if (select) return selectEffects(select, context)
  const insert = nodeOf(query, 'InsertStmt')
  if (insert) return insertEffects(insert, context)
  const update = nodeOf(query, 'UpdateStmt')
  if (update) return updateEffects(update, context)
  const remove = nodeOf(query, 'DeleteStmt')
  if (remove) return deleteEffects(remove, context)
  const merge = nodeOf(query, 'MergeStmt')
  return merge ? mergeEffects(merge, context) : []
}

/** COPY. */
export function copyEffects(node: CopyStmt, context: RuleContext): readonly Effect[] {
  if (node.query)
    return [harmless('copy-to', { table: 'a query' }), ...writesIn(node.query, context)]
  const rule = node.is_from ? 'copy-from' : 'copy-to'
  return [harmless(rule, tableNames(node.relation))]
}

function tableNames(range: RangeVar | undefined): { readonly table: string } {
  return { table: sqlName(rangeName(range)) }
}
