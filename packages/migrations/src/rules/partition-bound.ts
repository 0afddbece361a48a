import type { Node, PartitionBoundSpec } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { proves } from './not-null.ts'
import { listName } from './object-names.ts'
import { nodeOf } from './rule-context.ts'

/** A value that can be compared: numbers as such, all else as its text. */
export type Value = number | string

/** One condition of a check that compares a column with constants. */
export interface Comparison {
  readonly column: string
  readonly operator: string
  readonly values: readonly Value[]
}

/**
 * Whether valid checks of a table prove that all of its rows belong into a partition with these bounds, so that the server need
 * not look at them.
 *
 * @param key columns that the parent is partitioned by; nothing is proved where there are several, or an expression
 */
export function provesBound(
  partition: Relation,
  bound: PartitionBoundSpec,
  key: readonly string[] = [],
): boolean {
  const [column] = key
  if (column === undefined || key.length > 1 || bound.is_default || bound.strategy === 'h')
    return false
  const comparisons = validChecks(partition).flatMap(comparisonsOf)
  return isWithin(column, comparisons, bound) && isNeverNull(partition, column, bound)
}

/** What holds for every row of a table. */
export function validChecks({ constraints }: Relation): Node[] {
  return [...constraints.values()].flatMap(({ kind, valid, expression }) =>
    kind === 'check' && valid && isNode(expression) ? [expression] : [],
  )
}

function isNeverNull(
  partition: Relation,
  column: string,
  { listdatums = [] }: PartitionBoundSpec,
): boolean {
  return listdatums.some(isNullConstant) || proves(partition, column)
}

function isWithin(column: string, all: readonly Comparison[], bound: PartitionBoundSpec): boolean {
  const own = all.filter((each) => each.column === column)
  if (bound.strategy === 'l') return isListed(own, (bound.listdatums ?? []).flatMap(valueOf))
  const [lower, upper] = [bound.lowerdatums ?? [], bound.upperdatums ?? []]
  return (
    lower.length === 1 && upper.length === 1 && isAbove(own, lower[0]) && isBelow(own, upper[0])
  )
}

function isListed(own: readonly Comparison[], allowed: readonly Value[]): boolean {
  return own.some(
    ({ operator, values }) => operator === '=' && values.every((each) => allowed.includes(each)),
  )
}

function isAbove(own: readonly Comparison[], bound: Node | undefined): boolean {
  const [limit] = valueOf(bound)
  if (isKeyword(bound, 'minvalue')) return true
  return (
    limit !== undefined &&
    own.some(
      ({ operator, values: [value] }) =>
        value !== undefined &&
        (operator === '>=' || operator === '>' || operator === '=') &&
        atLeast(value, limit),
    )
  )
}

function isBelow(own: readonly Comparison[], bound: Node | undefined): boolean {
  const [limit] = valueOf(bound)
  if (isKeyword(bound, 'maxvalue')) return true
  return (
    limit !== undefined &&
    own.some(({ operator, values: [value] }) => {
      if (value === undefined) return false
      if (operator === '<') return atLeast(limit, value)
      return (operator === '<=' || operator === '=') && atLeast(limit, value) && value !== limit
    })
  )
}

/** One is as large as the other, or larger; false where the two cannot be compared by their text. */
export function atLeast(one: Value, other: Value): boolean {
  if (one === other) return true
  if (typeof one === 'number' && typeof other === 'number') return one > other
  const [left, right] = [String(one), String(other)]
  return isDate(left) && isDate(right) && left.slice(0, 10) > right.slice(0, 10)
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text)
}

/** Conditions that hold all at once; those that are something else are left out. */
export function comparisonsOf(expression: Node | undefined): Comparison[] {
  const both = nodeOf(expression, 'BoolExpr')
  if (both) return both.boolop === 'AND_EXPR' ? (both.args ?? []).flatMap(comparisonsOf) : []
  const { name, lexpr, rexpr, kind } = nodeOf(expression, 'A_Expr') ?? {}
  const column = columnOf(lexpr)
  const operator = listName(name).name
  if (column !== undefined)
    return compared(column, kind === 'AEXPR_BETWEEN' ? 'between' : operator, rexpr)
  const mirrored = columnOf(rexpr)
  return mirrored === undefined ? [] : compared(mirrored, MIRROR.get(operator) ?? '', lexpr)
}

function compared(column: string, operator: string, constant: Node | undefined): Comparison[] {
  const items =
    nodeOf(constant, 'List')?.items ??
    nodeOf(constant, 'A_ArrayExpr')?.elements ??
    (constant ? [constant] : [])
  const values = items.flatMap(valueOf)
  if (values.length === 0 || values.length < items.length) return []
  if (operator !== 'between') return [{ column, operator, values }]
  const [low = '', high = ''] = values
  return [
    { column, operator: '>=', values: [low] },
    { column, operator: '<=', values: [high] },
  ]
}

const MIRROR: ReadonlyMap<string, string> = new Map([
  ['<', '>'],
  ['<=', '>='],
  ['>', '<'],
  ['>=', '<='],
  ['=', '='],
])

function columnOf(expression: Node | undefined): string | undefined {
  const inner = nodeOf(expression, 'TypeCast')?.arg ?? expression
  const fields = nodeOf(inner, 'ColumnRef')?.fields
  return fields && listName(fields).name
}

function isKeyword(node: Node | undefined, word: string): boolean {
  return columnOf(node) === word
}

function isNullConstant(node: Node): boolean {
  return nodeOf(node, 'A_Const')?.isnull ?? false
}

/** The constant, or nothing where it is something else. */
export function valueOf(node: Node | undefined): Value[] {
  const cast = nodeOf(node, 'TypeCast')
  if (cast) return valueOf(cast.arg)
  const constant = nodeOf(node, 'A_Const')
  if (constant?.sval) return [constant.sval.sval ?? '']
  if (constant?.ival) return [constant.ival.ival ?? 0]
  return constant?.fval?.fval === undefined ? [] : [Number(constant.fval.fval)]
}

/** Whether a kept part of a syntax tree is there. */
function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null
}
