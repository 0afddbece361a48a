import type { JoinExpr, Node, RangeVar, SelectStmt, TypeName, WithClause } from 'libpg-query'
import { outcomeName } from '../catalog/expressions.ts'
import { payload, words } from '../catalog/syntax.ts'
import { noteCall, noteGroupingKeys, relationOf, sourceOf } from './named-objects.ts'
import { noteType } from './need-notes.ts'
import type { NeedNotes } from './need-notes.ts'
import { avoidSharing, noteStar, resolveName, starSources } from './need-scope.ts'
import type { Scope, Source, SourceColumn, StarUse } from './need-scope.ts'

/** Columns that a query gives back; only their names matter to what is around it. */
export type Outcome = readonly SourceColumn[]

/** What is known while a query is followed. */
export interface Reading {
  readonly notes: NeedNotes
  /** Queries of WITH by name. */
  readonly named: ReadonlyMap<string, Outcome>
  readonly star: StarUse
  /** Names that the query itself gives to what it selects, while its GROUP BY is followed. */
  readonly given?: readonly string[]
  /** Follows INSERT, UPDATE, DELETE and MERGE, which may stand in WITH. */
  write(reading: Reading, node: Node, outer: Scope): Outcome
}

/** Follows a statement of WITH, a sub-query or a whole query. */
export function readStatement(reading: Reading, node: Node | undefined, outer: Scope): Outcome {
  if (node === undefined) return []
  const select = payload(node, 'SelectStmt')
  return select === undefined
    ? reading.write(reading, node, outer)
    : readSelect(reading, select, outer)
}

/** Follows a SELECT or VALUES. */
function readSelect(outside: Reading, select: SelectStmt, outer: Scope): Outcome {
  const reading: Reading = { ...readWith(outside, select.withClause, outer), given: [] }
  if (select.larg !== undefined && select.rarg !== undefined) {
    const side: Reading = reading.star === 'unseen' ? reading : { ...reading, star: 'fixed' }
    const columns = readSelect(side, select.larg, outer)
    readSelect(side, select.rarg, outer)
    walk(reading, [select.limitCount, select.limitOffset], outer)
    return columns
  }
  const scope = readFrom(reading, select.fromClause, outer)
  const {
    withClause: _with,
    fromClause: _from,
    targetList = [],
    sortClause,
    groupClause,
    lockingClause: _lock,
    ...rest
  } = select
  const outcome = targetList.flatMap((target) => readTarget(reading, target, scope))
  walk(reading, rest, scope)
  walk({ ...reading, given: givenNames(targetList) }, groupClause, scope)
  noteGroupingKeys(reading.notes, targetList, groupClause, scope)
  walk(
    reading,
    (sortClause ?? []).filter((sort) => !sortsByOutcome(sort, outcome)),
    scope,
  )
  return select.valuesLists === undefined ? outcome : valueColumns(select.valuesLists)
}

/** A column that is selected as it is called gets no name by that. */
function givenNames(targets: readonly Node[]): string[] {
  return targets.flatMap((node) => {
    const target = payload(node, 'ResTarget')
    const own = words(payload(target?.val, 'ColumnRef')?.fields).at(-1)
    const name = target?.name ?? outcomeName(target?.val)
    return name === undefined || name === own ? [] : [name]
  })
}

/** Sorting looks at the names of the outcome first. */
function sortsByOutcome(sort: Node, outcome: Outcome): boolean {
  const fields = words(payload(payload(sort, 'SortBy')?.node, 'ColumnRef')?.fields)
  return fields.length === 1 && outcome.some(({ name }) => name === fields[0])
}

function valueColumns(lists: readonly Node[]): Outcome {
  const first = payload(lists[0], 'List')?.items ?? []
  return first.map((_, place) => ({ name: `column${place + 1}` }))
}

/** Follows the queries of WITH; what comes after knows them by name. */
export function readWith(reading: Reading, clause: WithClause | undefined, outer: Scope): Reading {
  const named = new Map(reading.named)
  for (const node of clause?.ctes ?? []) {
    const table = payload(node, 'CommonTableExpr')
    if (table?.ctename === undefined) continue
    const inside: Reading = { ...reading, named, star: 'result' }
    const names = words(table.aliascolnames)
    const start =
      clause?.recursive === true ? payload(table.ctequery, 'SelectStmt')?.larg : undefined
    if (start !== undefined)
      named.set(table.ctename, renamed(readSelect(inside, start, outer), names))
    const outcome = readStatement(inside, table.ctequery, outer)
    if (start === undefined) named.set(table.ctename, renamed(outcome, names))
  }
  return { ...reading, named }
}

function renamed(columns: Outcome, names: readonly string[]): Outcome {
  return columns.map((column, place) => ({ ...column, name: names[place] ?? column.name }))
}

/** Follows one item of a select or RETURNING list. */
export function readTarget(reading: Reading, node: Node, scope: Scope): Outcome {
  const target = payload(node, 'ResTarget')
  const fields = payload(target?.val, 'ColumnRef')?.fields
  const last = fields?.at(-1)
  if (last !== undefined && 'A_Star' in last) {
    const sources = starSources(scope, words(fields).at(-1))
    noteStar(reading.notes, sources, reading.star)
    return sources.flatMap(({ columns }) => columns.map(({ name }) => ({ name })))
  }
  walk(reading, target?.val, scope)
  return [{ name: target?.name ?? outcomeName(target?.val) ?? '?column?' }]
}

/** Follows a FROM clause, the conditions of its joins with it. */
export function readFrom(
  reading: Reading,
  nodes: readonly Node[] | undefined,
  outer: Scope,
): Scope {
  const sources: Source[] = []
  for (const node of nodes ?? []) sources.push(...readItem(reading, node, { sources, outer }))
  return { sources, outer }
}

function readItem(reading: Reading, node: Node, beside: Scope): readonly Source[] {
  const range = payload(node, 'RangeVar')
  if (range !== undefined) return [readRange(reading, range)]
  const join = payload(node, 'JoinExpr')
  if (join !== undefined) return readJoin(reading, join, beside)
  const sub = payload(node, 'RangeSubselect')
  if (sub !== undefined) {
    const outcome = readStatement({ ...reading, star: 'result' }, sub.subquery, beside)
    return [
      { alias: sub.alias?.aliasname ?? '', columns: renamed(outcome, words(sub.alias?.colnames)) },
    ]
  }
  const sample = payload(node, 'RangeTableSample')
  if (sample?.relation !== undefined) return readItem(reading, sample.relation, beside)
  return readFunction(reading, node, beside)
}

function readJoin(reading: Reading, join: JoinExpr, beside: Scope): readonly Source[] {
  if (join.larg === undefined || join.rarg === undefined) return []
  const left = readItem(reading, join.larg, beside)
  const right = readItem(reading, join.rarg, {
    sources: [...beside.sources, ...left],
    ...outerOf(beside),
  })
  const sources = [...left, ...right]
  for (const name of words(join.usingClause)) resolveName(reading.notes, { sources }, [name])
  if (join.isNatural === true) avoidSharing(reading.notes, left, right)
  if (join.isNatural === true) noteShared(reading, left, right)
  walk(reading, join.quals, { sources, ...outerOf(beside) })
  const alias = join.alias?.aliasname
  return alias === undefined ? sources : sources.map((source) => ({ ...source, alias }))
}

function noteShared(reading: Reading, left: readonly Source[], right: readonly Source[]): void {
  const names = new Set(right.flatMap(({ columns }) => columns.map(({ name }) => name)))
  const shared = left.flatMap(({ columns }) =>
    columns.flatMap(({ name }) => (names.has(name) ? [name] : [])),
  )
  for (const name of shared) resolveName(reading.notes, { sources: [...left, ...right] }, [name])
}

function outerOf({ outer }: Scope): { readonly outer?: Scope } {
  return outer === undefined ? {} : { outer }
}

function readRange(reading: Reading, range: RangeVar): Source {
  const alias = range.alias?.aliasname ?? range.relname ?? ''
  const names = words(range.alias?.colnames)
  const named = range.schemaname === undefined ? reading.named.get(range.relname ?? '') : undefined
  if (named !== undefined) return { alias, columns: renamed(named, names) }
  const relation = relationOf(reading.notes, range)
  return relation === undefined ? { alias, columns: [] } : sourceOf(relation, alias, names)
}

function readFunction(reading: Reading, node: Node, beside: Scope): readonly Source[] {
  walk(reading, node, beside)
  const call = payload(node, 'RangeFunction')
  const other = payload(node, 'RangeTableFunc') ?? payload(node, 'JsonTable')
  if (call === undefined) return [{ alias: other?.alias?.aliasname ?? '', columns: [] }]
  const first = payload(payload(call.functions?.[0], 'List')?.items?.[0], 'FuncCall')
  const alias = call.alias?.aliasname ?? words(first?.funcname).at(-1) ?? ''
  const defined = (call.coldeflist ?? []).flatMap((one) => payload(one, 'ColumnDef')?.colname ?? [])
  const names = [...words(call.alias?.colnames), ...defined]
  return [{ alias, columns: (names.length > 0 ? names : [alias]).map((name) => ({ name })) }]
}

/** Notes all that an expression uses, at any depth. */
export function walk(reading: Reading, value: unknown, scope: Scope): void {
  if (typeof value !== 'object' || value === null) return
  const { notes } = reading
  const reference = payload(value, 'ColumnRef')
  if (reference !== undefined) {
    readReference(reading, reference.fields, scope)
    return
  }
  const link = payload(value, 'SubLink')
  if (link !== undefined) {
    walk(reading, link.testexpr, scope)
    const star = link.subLinkType === 'EXISTS_SUBLINK' ? 'unseen' : 'fixed'
    readStatement({ ...reading, star }, link.subselect, scope)
    return
  }
  const query = payload(value, 'SelectStmt')
  if (query !== undefined) {
    readSelect(reading, query, scope)
    return
  }
  const call = payload(value, 'FuncCall')
  if (call !== undefined) noteCall(notes, call)
  noteType(notes, typeNameIn(value))
  for (const part of Object.values(value)) walk(reading, part, scope)
}

/** A type that is written out stands under this key, whatever it belongs to. */
function typeNameIn(value: object): TypeName | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by the grammar
  return 'typeName' in value ? (value.typeName as TypeName) : undefined
}

function readReference(reading: Reading, fields: readonly Node[] | undefined, scope: Scope): void {
  const last = fields?.at(-1)
  if (last === undefined || !('A_Star' in last))
    resolveName(reading.notes, scope, words(fields), reading.given)
  else noteStar(reading.notes, starSources(scope, words(fields).at(-1)), 'row')
}
