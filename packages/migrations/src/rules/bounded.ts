import type { ColumnRef, Node, RangeVar, SelectStmt } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { isOf, nodeOf, nodesOf } from './rule-context.ts'

/** More rows than this in one statement are no batch: they stay locked for as long as the statement runs. */
const LARGEST_BATCH = 10_000

/** A statement that writes, as far as the number of rows depends on it. */
export interface Reach {
  readonly target: RangeVar | undefined
  readonly relation: Relation | undefined
  readonly where: Node | undefined
  /** FROM or USING. */
  readonly from: readonly Node[]
  /** Names of common table expressions that give few rows. */
  readonly small: ReadonlySet<string>
}

interface Scope {
  /** Names of the target itself. */
  readonly own: ReadonlySet<string>
  /** Names of what gives few rows. */
  readonly small: ReadonlySet<string>
}

/** Whether the text alone shows that only few rows are touched: by key, by a range of the key, or by a batch with LIMIT. */
export function isBounded(reach: Reach): boolean {
  const { where, relation, target } = reach
  const either = nodeOf(where, 'BoolExpr')
  if (either?.boolop === 'OR_EXPR')
    return (either.args ?? []).every((each) => isBounded({ ...reach, where: each }))
  const scope = scopeOf(reach)
  const conditions = conjuncts(where)
  if (conditions.some((each) => isNever(each) || nodeOf(each, 'CurrentOfExpr') !== undefined))
    return true
  if (conditions.some((each) => isBatch(each, scope))) return true
  const fixed = new Set(conditions.flatMap((each) => fixedColumn(each, scope) ?? []))
  return keysOf(relation, target).some(
    (key) => key.every((column) => fixed.has(column)) || isRange(conditions, key[0]),
  )
}

/** Names of the common table expressions that are batches themselves. */
export function smallTables(select: SelectStmt['withClause']): ReadonlySet<string> {
  const all = nodesOf(select?.ctes, 'CommonTableExpr')
  const few = all.filter(({ ctequery }) => isFew(nodeOf(ctequery, 'SelectStmt')))
  return new Set(few.flatMap(({ ctename }) => ctename ?? []))
}

function scopeOf({ target, from, small }: Reach): Scope {
  const own = new Set([target?.alias?.aliasname ?? target?.relname ?? ''])
  const few = new Set<string>()
  for (const node of from) {
    const table = nodeOf(node, 'RangeVar')
    const derived = nodeOf(node, 'RangeSubselect')
    if (table && small.has(table.relname ?? ''))
      few.add(table.alias?.aliasname ?? table.relname ?? '')
    if (isFew(nodeOf(derived?.subquery, 'SelectStmt'))) few.add(derived?.alias?.aliasname ?? '')
  }
  return { own, small: few }
}

/** A SELECT that gives few rows: VALUES, a LIMIT, or no table at all. */
function isFew(select: SelectStmt | undefined): boolean {
  if (!select) return false
  if (select.valuesLists?.length) return true
  if (select.limitCount) return isSmallNumber(select.limitCount)
  const plain = select.op === undefined || select.op === 'SETOP_NONE'
  return plain && !select.fromClause?.length && !select.targetList?.some(mentionsSeries)
}

function mentionsSeries(node: Node): boolean {
  return (
    /"FuncCall"/.test(JSON.stringify(node)) && /generate_series|unnest/.test(JSON.stringify(node))
  )
}

function conjuncts(where: Node | undefined): Node[] {
  if (!where) return []
  const and = nodeOf(where, 'BoolExpr')
  return and?.boolop === 'AND_EXPR' ? (and.args ?? []).flatMap(conjuncts) : [where]
}

/** `WHERE false` and `WHERE 1 = 0`. */
function isNever(node: Node): boolean {
  const constant = nodeOf(node, 'A_Const')
  if (constant?.boolval) return constant.boolval.boolval !== true
  const comparison = nodeOf(node, 'A_Expr')
  const [left, right] = [integer(comparison?.lexpr), integer(comparison?.rexpr)]
  return operator(comparison) === '=' && left !== undefined && right !== undefined && left !== right
}

/** `column IN (SELECT ... LIMIT n)`, and the same with `= ANY (ARRAY(...))` or a list. */
function isBatch(node: Node, scope: Scope): boolean {
  const link = nodeOf(node, 'SubLink')
  if (link?.subLinkType === 'ANY_SUBLINK')
    return isSmallSource(nodeOf(link.subselect, 'SelectStmt'), scope)
  const array = nodeOf(node, 'A_Expr')
  if (array?.kind !== 'AEXPR_OP_ANY') return false
  const inner = nodeOf(array.rexpr, 'SubLink')
  return (
    inner?.subLinkType === 'ARRAY_SUBLINK' &&
    isSmallSource(nodeOf(inner.subselect, 'SelectStmt'), scope)
  )
}

function isSmallSource(select: SelectStmt | undefined, { small }: Scope): boolean {
  if (isFew(select)) return true
  const sources = nodesOf(select?.fromClause, 'RangeVar')
  return sources.length > 0 && sources.every(({ relname }) => small.has(relname ?? ''))
}

/** The column of the target that the condition ties to single values. */
function fixedColumn(node: Node, scope: Scope): string | undefined {
  const comparison = nodeOf(node, 'A_Expr')
  if (!comparison || operator(comparison) !== '=') return undefined
  const { kind, lexpr, rexpr } = comparison
  if (kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY')
    return isSingle(rexpr, scope) ? ownColumn(lexpr, scope) : undefined
  if (kind !== 'AEXPR_OP') return undefined
  const left = ownColumn(lexpr, scope)
  if (left !== undefined && isSingle(rexpr, scope)) return left
  const right = ownColumn(rexpr, scope)
  return right !== undefined && isSingle(lexpr, scope) ? right : undefined
}

function ownColumn(node: Node | undefined, { own, small }: Scope): string | undefined {
  const path = columnWords(node)
  if (path.length === 1) return path[0]
  const table = path.at(-2) ?? ''
  return own.has(table) && !small.has(table) ? path.at(-1) : undefined
}

/** An expression that has one value, or as many as something small has rows. */
function isSingle(value: unknown, scope: Scope): boolean {
  if (Array.isArray(value)) return value.every((each) => isSingle(each, scope))
  if (typeof value !== 'object' || value === null) return true
  if (isOf(value, 'ColumnRef')) return scope.small.has(words(value.ColumnRef).at(-2) ?? '')
  if (isOf(value, 'SubLink')) return value.SubLink.subLinkType === 'EXPR_SUBLINK'
  return Object.values(value).every((part: unknown) => isSingle(part, scope))
}

function columnWords(node: Node | undefined): string[] {
  return words(nodeOf(node, 'ColumnRef'))
}

function words(column: ColumnRef | undefined): string[] {
  return nodesOf(column?.fields, 'String').map(({ sval }) => sval ?? '')
}

/** A range of the key that is closed at both ends, and small where its ends are numbers. */
function isRange(conditions: readonly Node[], key: string | undefined): boolean {
  if (key === undefined) return false
  let [low, high]: (Node | undefined)[] = []
  for (const condition of conditions) {
    const comparison = nodeOf(condition, 'A_Expr')
    if (columnWords(comparison?.lexpr).at(-1) !== key) continue
    const ends = nodeOf(comparison?.rexpr, 'List')?.items
    if (comparison?.kind === 'AEXPR_BETWEEN') [low, high] = ends ?? []
    if (/^>=?$/.test(operator(comparison))) low = comparison?.rexpr
    if (/^<=?$/.test(operator(comparison))) high = comparison?.rexpr
  }
  return low !== undefined && high !== undefined && isSmallRange(low, high)
}

function isSmallRange(low: Node, high: Node): boolean {
  const [from, to] = [integer(low), integer(high)]
  return from === undefined || to === undefined || to - from <= LARGEST_BATCH
}

/** Keys that tell rows apart. Of a view, and of a table that nobody told us of, only the usual names are taken for one. */
function keysOf(
  relation: Relation | undefined,
  target: RangeVar | undefined,
): (readonly string[])[] {
  if (!relation || relation.assumed || !target || relation.kind === 'view')
    return [['id'], ['uuid'], ['ctid']]
  const indexes = [...relation.indexes.values()].filter(({ unique, partial }) => unique && !partial)
  const constraints = [...relation.constraints.values()].filter(
    ({ kind }) => kind === 'primary' || kind === 'unique',
  )
  const keys = [...indexes, ...constraints]
    .map(({ columns }) => columns)
    .filter(({ length }) => length > 0)
  return [['ctid'], ...keys]
}

/** LIMIT NULL, and LIMIT ALL, which is the same, is none. */
function isSmallNumber(node: Node): boolean {
  if (nodeOf(node, 'A_Const')?.isnull) return false
  const value = integer(node)
  return value === undefined || value <= LARGEST_BATCH
}

function integer(node: Node | undefined): number | undefined {
  const cast = nodeOf(node, 'TypeCast')
  const constant = nodeOf(cast ? cast.arg : node, 'A_Const')
  if (constant?.ival) return constant.ival.ival ?? 0
  return constant?.fval?.fval === undefined ? undefined : Number(constant.fval.fval)
}

function operator(expression: { name?: Node[] } | undefined): string {
  return nodeOf(expression?.name?.[0], 'String')?.sval ?? ''
}
