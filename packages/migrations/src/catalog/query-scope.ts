import type { ColumnType, Relation } from './catalog.ts'
import { UNKNOWN_TYPE } from './column-types.ts'

/** A column that a query gives back. */
export interface OutColumn {
  readonly name: string
  readonly type: ColumnType
}

/** A column of an item of a FROM clause. */
export interface SourceColumn extends OutColumn {
  /** What its relation calls it, where the query calls it otherwise. */
  readonly origin?: string
}

/** One item of a FROM clause. */
export interface Source {
  readonly alias: string
  readonly columns: readonly SourceColumn[]
  /** The relation that it reads, where it is one. */
  readonly relation?: Relation
}

/** What names in a query may stand for. */
export interface Scope {
  readonly sources: readonly Source[]
  /** Columns that a USING or NATURAL join has made one of. */
  readonly merged: readonly string[]
  readonly outer?: Scope
}

/** Stands for every column where nobody told us which there are. */
const EVERY_COLUMN = '*'

/** What a query has been found to read: columns by the id of their relation. */
export type Reads = Map<number, Set<string>>

/** Notes that the relation is read, and the column of it where one is named. */
export function noteRead(reads: Reads, relation: Relation, column?: string): void {
  const columns = reads.get(relation.id) ?? new Set<string>()
  if (column !== undefined) columns.add(column)
  reads.set(relation.id, columns)
}

/** Finds the column that the fields of a reference stand for, and notes it. */
export function resolve(scope: Scope, fields: readonly string[], reads: Reads): ColumnType {
  const column = fields.at(-1) ?? ''
  const alias = fields.at(-2)
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const holders = level.sources.filter(
      (source) => (alias === undefined || source.alias === alias) && has(source, column),
    )
    for (const holder of holders) noteColumn(reads, holder, column)
    const [first] = holders
    if (first !== undefined)
      return first.columns.find((one) => one.name === column)?.type ?? UNKNOWN_TYPE
    if (alias === undefined && wholeRow(level, column, reads)) return UNKNOWN_TYPE
  }
  return UNKNOWN_TYPE
}

function noteColumn(reads: Reads, { relation, columns }: Source, column: string): void {
  if (relation === undefined) return
  noteRead(reads, relation, columns.find((one) => one.name === column)?.origin ?? column)
}

/** Of an assumed table each name may be a column. */
function has(source: Source, column: string): boolean {
  return source.columns.some((one) => one.name === column) || source.relation?.assumed === true
}

function wholeRow(scope: Scope, alias: string, reads: Reads): boolean {
  const source = scope.sources.find((one) => one.alias === alias)
  if (source !== undefined) expand({ ...scope, sources: [source], merged: [] }, reads)
  return source !== undefined
}

/** The columns behind a star, all of them noted. */
export function expand(scope: Scope, reads: Reads): OutColumn[] {
  const columns: OutColumn[] = []
  for (const source of scope.sources) {
    const { relation } = source
    if (relation?.assumed === true) noteRead(reads, relation, EVERY_COLUMN)
    for (const column of source.columns) {
      noteColumn(reads, source, column.name)
      if (!scope.merged.includes(column.name))
        columns.push({ name: column.name, type: column.type })
    }
  }
  return [...scope.merged.flatMap((name) => columnNamed(scope, name)), ...columns]
}

function columnNamed(scope: Scope, name: string): OutColumn[] {
  for (const source of scope.sources) {
    const column = source.columns.find((one) => one.name === name)
    if (column !== undefined) return [column]
  }
  return []
}
