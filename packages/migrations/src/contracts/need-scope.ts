import type { Relation } from '../catalog/catalog.ts'
import { EVERY, noteColumn, noteEveryColumn, noteName } from './need-notes.ts'
import type { NeedNotes } from './need-notes.ts'

/** A column of an item of a FROM clause. */
export interface SourceColumn {
  readonly name: string
  /** What its relation calls it. */
  readonly origin?: string
}

/** One item of a FROM clause. */
export interface Source {
  readonly alias: string
  readonly columns: readonly SourceColumn[]
  readonly relation?: Relation
  /** Only reached with its alias before the column, such as `new` in RETURNING. */
  readonly aliasOnly?: boolean
}

/** What names may stand for, from the inside out. */
export interface Scope {
  readonly sources: readonly Source[]
  readonly outer?: Scope
}

export const NOWHERE: Scope = { sources: [] }

/** What a star is for: a result, a list whose length something else relies on, one value that is a row, or nothing at all. */
export type StarUse = 'result' | 'fixed' | 'row' | 'unseen'

/**
 * Notes the column that a reference stands for, and where the same name must not turn up. False where it stands for none.
 *
 * @param mayBeNamed names that the query itself gives to what it selects: to group by them, columns come first
 */
export function resolveName(
  notes: NeedNotes,
  scope: Scope,
  fields: readonly string[],
  mayBeNamed: readonly string[] = [],
): boolean {
  const column = fields.at(-1) ?? ''
  const alias = fields.at(-2)
  const passed: Source[] = []
  let isTold = !mayBeNamed.includes(column)
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const seen = level.sources.filter((source) =>
      alias === undefined ? source.aliasOnly !== true : source.alias === alias,
    )
    const holders = seen.filter((source) => has(source, column))
    for (const holder of holders) noteHolder(notes, holder, column)
    if (alias === undefined) passed.push(...seen.filter((source) => !holders.includes(source)))
    const row = holders.length === 0 ? level.sources.find((one) => one.alias === column) : undefined
    if (row !== undefined && alias === undefined) noteStar(notes, [row], 'row')
    if (holders.length > 0 || row !== undefined) {
      avoidName(notes, passed, column)
      return true
    }
    if (alias !== undefined && seen.length > 0) return false
    isTold &&= level.sources.every(tellsColumns)
  }
  // A column that is still to come gives the name its only meaning, where it cannot have one by now.
  if (!isTold) avoidName(notes, passed, column)
  return false
}

/** Of what is no table, such as the rows of a function, the columns may not be known. */
function tellsColumns({ relation, columns }: Source): boolean {
  return relation !== undefined || columns.length > 0
}

/** Notes everything behind a star. */
export function noteStar(notes: NeedNotes, sources: readonly Source[], use: StarUse): void {
  for (const { relation } of sources) {
    if (relation === undefined || use === 'unseen') continue
    noteEveryColumn(notes, relation)
    const object = `${relation.schema}.${relation.name}`
    if (use === 'result') notes.add({ kind: 'shape', object })
    if (use === 'fixed') noteName(notes, relation, EVERY)
  }
}

/** The sources that a star stands for. */
export function starSources(scope: Scope, alias: string | undefined): readonly Source[] {
  if (alias === undefined) return scope.sources.filter(({ aliasOnly }) => aliasOnly !== true)
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const source = level.sources.find((one) => one.alias === alias)
    if (source !== undefined) return [source]
  }
  return []
}

/** Two sources that are joined on all names that they share must not come to share another one. */
export function avoidSharing(
  notes: NeedNotes,
  left: readonly Source[],
  right: readonly Source[],
): void {
  const pairs = [
    [left, right],
    [right, left],
  ] as const
  for (const [these, those] of pairs)
    for (const name of these.flatMap(({ columns }) => columns.map((column) => column.name)))
      avoidName(
        notes,
        those.filter((source) => !has(source, name)),
        name,
      )
}

function avoidName(notes: NeedNotes, sources: readonly Source[], name: string): void {
  for (const { relation } of sources) if (relation !== undefined) noteName(notes, relation, name)
}

function noteHolder(notes: NeedNotes, { relation, columns }: Source, column: string): void {
  if (relation === undefined) return
  noteColumn(notes, relation, columns.find(({ name }) => name === column)?.origin ?? column)
}

/** Of an assumed table each name may be a column. */
function has({ columns, relation }: Source, column: string): boolean {
  return relation?.assumed === true || columns.some(({ name }) => name === column)
}
