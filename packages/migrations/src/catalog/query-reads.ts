import type { Node, RangeVar, SelectStmt } from 'libpg-query'
import type { ColumnType } from './catalog.ts'
import { UNKNOWN_TYPE } from './column-types.ts'
import { outcomeName } from './expressions.ts'
import { expand, noteRead, resolve } from './query-scope.ts'
import type { OutColumn, Reads, Scope, Source } from './query-scope.ts'
import { findRelation, typeOf } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, relationName, words } from './syntax.ts'

/** What a query reads and gives back. */
export interface QueryShape {
  readonly columns: readonly OutColumn[]
  readonly reads: Reads
}

/** Follows a query through joins, sub-queries and WITH; stars are expanded as the server does when it creates a view. */
export function shapeOf(state: CatalogState, query: Node | undefined): QueryShape {
  const reads: Reads = new Map()
  const context: Context = { state, reads, named: new Map() }
  const select = payload(query, 'SelectStmt')
  return { columns: select === undefined ? [] : describe(context, select, undefined), reads }
}

interface Context {
  readonly state: CatalogState
  readonly reads: Reads
  /** Queries of WITH by name. */
  readonly named: ReadonlyMap<string, readonly OutColumn[]>
}

function describe(outside: Context, select: SelectStmt, outer: Scope | undefined): OutColumn[] {
  const context = withNamed(outside, select, outer)
  if (select.larg !== undefined && select.rarg !== undefined) {
    const columns = describe(context, select.larg, outer)
    describe(context, select.rarg, outer)
    return columns
  }
  const joined = (select.fromClause ?? []).map((item) => from(context, item, outer))
  const scope: Scope = {
    sources: joined.flatMap((one) => one.sources),
    merged: joined.flatMap((one) => one.merged),
    ...(outer === undefined ? {} : { outer }),
  }
  const { withClause: _with, targetList, fromClause, valuesLists, ...rest } = select
  walk(context, [rest, valuesLists, conditions(fromClause)], scope)
  if (valuesLists !== undefined) return valueColumns(valuesLists)
  return (targetList ?? []).flatMap((target) => outColumns(context, target, scope))
}

function valueColumns(lists: readonly Node[]): OutColumn[] {
  const first = payload(lists[0], 'List')?.items ?? []
  return first.map((_, place) => ({ name: `column${place + 1}`, type: UNKNOWN_TYPE }))
}

function withNamed(context: Context, select: SelectStmt, outer: Scope | undefined): Context {
  if (select.withClause === undefined) return context
  const named = new Map(context.named)
  for (const node of select.withClause.ctes ?? []) {
    const table = payload(node, 'CommonTableExpr')
    const query = payload(table?.ctequery, 'SelectStmt')
    if (table?.ctename === undefined || query === undefined) continue
    if (select.withClause.recursive === true && query.larg !== undefined) {
      const first = describe({ ...context, named }, query.larg, outer)
      named.set(table.ctename, renamed(first, words(table.aliascolnames)))
    }
    named.set(
      table.ctename,
      renamed(describe({ ...context, named }, query, outer), words(table.aliascolnames)),
    )
  }
  return { ...context, named }
}

function renamed(columns: readonly OutColumn[], names: readonly string[]): OutColumn[] {
  return columns.map((column, place) => ({ ...column, name: names[place] ?? column.name }))
}

function outColumns(context: Context, node: Node, scope: Scope): OutColumn[] {
  const target = payload(node, 'ResTarget')
  const fields = payload(target?.val, 'ColumnRef')?.fields
  const last = fields?.at(-1)
  if (fields !== undefined && last !== undefined && 'A_Star' in last)
    return star(context, words(fields), scope)
  const name = target?.name ?? outcomeName(target?.val) ?? '?column?'
  if (fields !== undefined) return [{ name, type: resolve(scope, words(fields), context.reads) }]
  walk(context, target?.val, scope)
  return [{ name, type: expressionType(context, target?.val, scope) }]
}

/** The type of what needs no look-up of operators; a query may give back more than that. */
function expressionType(context: Context, node: Node | undefined, scope: Scope): ColumnType {
  const fields = payload(node, 'ColumnRef')?.fields
  if (fields !== undefined) return resolve(scope, words(fields), context.reads)
  const cast = payload(node, 'TypeCast')?.typeName
  if (cast !== undefined) return typeOf(context.state, cast)
  if (words(payload(node, 'FuncCall')?.funcname).at(-1) === 'count') return plainType('int8')
  const operation = payload(node, 'A_Expr')
  if (operation !== undefined && ARITHMETIC.has(words(operation.name)[0] ?? '')) {
    const left = expressionType(context, operation.lexpr, scope)
    const right = expressionType(context, operation.rexpr, scope)
    return left.name === right.name ? plainType(left.name) : UNKNOWN_TYPE
  }
  return constantType(node)
}

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%'])

function constantType(node: Node | undefined): ColumnType {
  const constant = payload(node, 'A_Const')
  if (constant?.ival !== undefined) return plainType('int4')
  if (constant?.fval !== undefined) return plainType('numeric')
  if (constant?.boolval !== undefined) return plainType('bool')
  return constant === undefined ? UNKNOWN_TYPE : plainType('text')
}

function plainType(name: string): ColumnType {
  return { name, modifiers: [], array: false }
}

function star(context: Context, fields: readonly string[], scope: Scope): OutColumn[] {
  const alias = fields.at(-1)
  if (alias === undefined) return expand(scope, context.reads)
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const source = level.sources.find((one) => one.alias === alias)
    if (source !== undefined) return expand({ sources: [source], merged: [] }, context.reads)
  }
  return []
}

function from(context: Context, node: Node, outer: Scope | undefined): Scope {
  const range = payload(node, 'RangeVar')
  if (range !== undefined) return { sources: [fromRelation(context, range)], merged: [] }
  const join = payload(node, 'JoinExpr')
  if (join?.larg !== undefined && join.rarg !== undefined) {
    const left = from(context, join.larg, outer)
    const right = from(context, join.rarg, { ...left, ...(outer === undefined ? {} : { outer }) })
    const shared = join.isNatural === true ? commonNames(left, right) : words(join.usingClause)
    const scope = {
      sources: [...left.sources, ...right.sources],
      merged: [...shared, ...left.merged, ...right.merged],
    }
    for (const name of shared) resolve(scope, [name], context.reads)
    if (join.alias?.aliasname === undefined) return scope
    return {
      sources: [{ alias: join.alias.aliasname, columns: expand(scope, context.reads) }],
      merged: [],
    }
  }
  const sub = payload(node, 'RangeSubselect')
  const query = payload(sub?.subquery, 'SelectStmt')
  if (sub !== undefined && query !== undefined) {
    const columns = renamed(describe(context, query, outer), words(sub.alias?.colnames))
    return { sources: [{ alias: sub.alias?.aliasname ?? '', columns }], merged: [] }
  }
  return { sources: fromFunction(context, node, outer), merged: [] }
}

function commonNames(left: Scope, right: Scope): string[] {
  const names = new Set(
    right.sources.flatMap((source) => source.columns.map((column) => column.name)),
  )
  return left.sources.flatMap((source) =>
    source.columns.flatMap(({ name }) => (names.has(name) ? [name] : [])),
  )
}

function fromRelation(context: Context, range: RangeVar): Source {
  const alias = range.alias?.aliasname ?? range.relname ?? ''
  const named = range.schemaname === undefined ? context.named.get(range.relname ?? '') : undefined
  if (named !== undefined) return { alias, columns: renamed(named, words(range.alias?.colnames)) }
  const relation = findRelation(context.state, relationName(range))
  if (relation === undefined) return { alias, columns: [] }
  noteRead(context.reads, relation)
  const renames = words(range.alias?.colnames)
  const columns = [...relation.columns.values()].map(({ name, type }, place) => ({
    name: renames[place] ?? name,
    type,
    origin: name,
  }))
  return { alias, columns, relation }
}

function fromFunction(context: Context, node: Node, outer: Scope | undefined): Source[] {
  walk(context, node, outer ?? { sources: [], merged: [] })
  const call = payload(node, 'RangeFunction')
  if (call === undefined) return []
  const first = payload(payload(call.functions?.[0], 'List')?.items?.[0], 'FuncCall')
  const alias = call.alias?.aliasname ?? words(first?.funcname).at(-1) ?? ''
  const defined = (call.coldeflist ?? []).flatMap((one) => payload(one, 'ColumnDef')?.colname ?? [])
  const names = [...words(call.alias?.colnames), ...defined]
  return [
    {
      alias,
      columns: (names.length > 0 ? names : [alias]).map((name) => ({ name, type: UNKNOWN_TYPE })),
    },
  ]
}

/** ON clauses of joins; what stands inside of sub-queries was followed there. */
function conditions(nodes: readonly Node[] | undefined): unknown[] {
  return (nodes ?? []).flatMap((node) => {
    const join = payload(node, 'JoinExpr')
    if (join?.larg === undefined || join.rarg === undefined) return []
    return [join.quals, ...conditions([join.larg, join.rarg])]
  })
}

/** Notes every column and sub-query anywhere in an expression. */
function walk(context: Context, value: unknown, scope: Scope): void {
  if (typeof value !== 'object' || value === null) return
  const reference = payload(value, 'ColumnRef')
  const query = payload(value, 'SelectStmt')
  if (reference !== undefined) resolve(scope, words(reference.fields), context.reads)
  else if (query !== undefined) describe(context, query, scope)
  else for (const part of Object.values(value)) walk(context, part, scope)
}
