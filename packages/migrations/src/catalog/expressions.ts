import type { Node } from 'libpg-query'
import { payload, words } from './syntax.ts'

/** The column that an expression is, and nothing else. */
function plainColumn(node: unknown): string | undefined {
  const fields = payload(node, 'ColumnRef')?.fields
  return fields === undefined ? undefined : words(fields).at(-1)
}

/** Columns that an expression over one table mentions, each once, in the order of the text. */
export function columnsIn(expression: unknown): string[] {
  const found = new Set<string>()
  collect(expression, found)
  return [...found]
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  if ('ColumnRef' in value) {
    const column = plainColumn(value)
    if (column !== undefined) found.add(column)
    return
  }
  for (const part of Object.values(value)) collect(part, found)
}

/**
 * Columns that are not null wherever a row passes a check with this expression. A check passes for NULL, so only what says so
 * itself counts: `a IS NOT NULL`, alone or joined by AND, on both sides of an OR, or as `NOT (a IS NULL)`.
 */
export function provesNotNull(expression: unknown): string[] {
  return [...proven(expression, false)]
}

function proven(node: unknown, negated: boolean): Set<string> {
  const test = payload(node, 'NullTest')
  if (test !== undefined) {
    const column = plainColumn(test.arg)
    const says = (test.nulltesttype === 'IS_NOT_NULL') !== negated
    return new Set(says && column !== undefined ? [column] : [])
  }
  const bool = payload(node, 'BoolExpr')
  if (bool === undefined) return new Set()
  const flips = bool.boolop === 'NOT_EXPR'
  const sides = (bool.args ?? []).map((side) => proven(side, flips ? !negated : negated))
  const all = flips || (bool.boolop === 'AND_EXPR') !== negated
  return all ? union(sides) : common(sides)
}

function union(sides: readonly Set<string>[]): Set<string> {
  return new Set(sides.flatMap((side) => [...side]))
}

function common(sides: readonly Set<string>[]): Set<string> {
  const [first, ...rest] = sides
  return new Set([...(first ?? [])].filter((column) => rest.every((side) => side.has(column))))
}

/** What the server calls the outcome of an expression; undefined where it has no name of its own. */
export function outcomeName(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  const cast = payload(node, 'TypeCast')
  if (cast !== undefined) return outcomeName(cast.arg) ?? words(cast.typeName?.names).at(-1)
  const indirection = payload(node, 'A_Indirection')
  if (indirection !== undefined)
    return words(indirection.indirection).at(-1) ?? outcomeName(indirection.arg)
  const collate = payload(node, 'CollateClause')
  if (collate !== undefined) return outcomeName(collate.arg)
  const call = payload(node, 'FuncCall')
  if (call !== undefined) return words(call.funcname).at(-1)
  return plainColumn(node) ?? fixedName(node)
}

function fixedName(node: Node): string | undefined {
  const least = payload(node, 'MinMaxExpr')
  if (least !== undefined) return least.op === 'IS_GREATEST' ? 'greatest' : 'least'
  const value = payload(node, 'SQLValueFunction')?.op
  if (value !== undefined)
    return value
      .replace(/^SVFOP_/, '')
      .replace(/_N$/, '')
      .toLowerCase()
  const sub = payload(node, 'SubLink')
  if (sub !== undefined) return subqueryName(sub.subLinkType, sub.subselect)
  if (payload(node, 'A_Expr')?.kind === 'AEXPR_NULLIF') return 'nullif'
  return FIXED.find(([kind]) => kind in node)?.[1]
}

function subqueryName(kind: string | undefined, query: Node | undefined): string | undefined {
  if (kind === 'EXISTS_SUBLINK') return 'exists'
  if (kind === 'ARRAY_SUBLINK') return 'array'
  if (kind !== 'EXPR_SUBLINK') return undefined
  const target = payload(payload(query, 'SelectStmt')?.targetList?.[0], 'ResTarget')
  return target?.name ?? outcomeName(target?.val)
}

const FIXED: readonly (readonly [string, string])[] = [
  ['CoalesceExpr', 'coalesce'],
  ['CaseExpr', 'case'],
  ['A_ArrayExpr', 'array'],
  ['RowExpr', 'row'],
  ['GroupingFunc', 'grouping'],
]
