import { quoteLiteral } from './sql-client.ts'
import type { SqlRefusal } from './sql-client.ts'
import { constantsOf, edgeValues, plainValues } from './synthetic-values.ts'
import type { CheckShape, ColumnShape, TableShape } from './table-shapes.ts'

/** Rows of the other table by the index of the foreign key, each with the columns that the key refers to. */
export type ReferencedRows = ReadonlyMap<number, readonly (readonly (string | null)[])[]>

type Value = string | null
type Candidates = ReadonlyMap<string, readonly Value[]>

const EDGE_ROW = 3

/** An INSERT, and where its values begin in it, in code points. */
export interface Insertion {
  readonly sql: string
  readonly offsets: readonly { readonly column: string; readonly at: number }[]
}

/**
 * INSERTs of one row, until one is taken: the likeliest values first, then others for the columns that the server complained
 * about. The caller hands in what the server said to the last one. Pure.
 */
export function* rowAttempts(
  shape: TableShape,
  row: number,
  referenced: ReferencedRows,
): Generator<Insertion, undefined, SqlRefusal | undefined> {
  const candidates = candidatesOf(shape, row, referenced)
  const chosen = new Map<string, number>()
  const turns = new Map<string, number>()
  for (;;) {
    const insertion = insertOf(shape, candidates, chosen)
    const refusal = yield insertion
    const columns = refusal ? blamed(shape, refusal, insertion) : []
    const key = columns.join(',')
    const turn = (turns.get(key) ?? 0) + 1
    turns.set(key, turn)
    const together = refusal?.code.startsWith('22') && refusal.position === undefined
    const turned = together
      ? stepAll(chosen, columns, candidates)
      : turnTo(chosen, columns, candidates, turn)
    if (!turned) return undefined
  }
}

/** The columns whose values were refused: at the place that the server names, of its condition, or of the kind it names. */
function blamed(shape: TableShape, refusal: SqlRefusal, { offsets }: Insertion): readonly string[] {
  const { code, constraint, position } = refusal
  if (code.startsWith('22') && position !== undefined) {
    return offsets.flatMap(({ column, at }) => (at === position ? [column] : []))
  }
  const writable = new Set(shape.columns.map(({ name }) => name))
  const named = [...shape.checks, ...shape.uniques].find(({ name }) => name === constraint)
  if (named) return (named.columns ?? []).filter((name) => writable.has(name))
  if (code === '23514') return shape.keys.filter((name) => writable.has(name))
  if (!code.startsWith('22')) return []
  const category = CATEGORIES.get(code)
  return shape.columns.flatMap(({ name, type }) => {
    return category === undefined || type.category === category ? [name] : []
  })
}

/** What kind of value is out of range, or too long. */
const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ['22003', 'N'],
  ['22001', 'S'],
])

/** Nobody knows which one it was: all take their next value. */
function stepAll(
  chosen: Map<string, number>,
  columns: readonly string[],
  candidates: Candidates,
): boolean {
  let stepped = false
  for (const column of columns) {
    const next = (chosen.get(column) ?? 0) + 1
    if (next >= (candidates.get(column)?.length ?? 0)) continue
    chosen.set(column, next)
    stepped = true
  }
  return stepped
}

/** Counts through all combinations of the values of these columns. */
function turnTo(
  chosen: Map<string, number>,
  columns: readonly string[],
  candidates: Candidates,
  turn: number,
): boolean {
  let rest = turn
  for (const column of columns) {
    const count = Math.max(1, candidates.get(column)?.length ?? 1)
    chosen.set(column, rest % count)
    rest = Math.floor(rest / count)
  }
  return rest === 0 && columns.length > 0
}

function insertOf(
  shape: TableShape,
  candidates: Candidates,
  chosen: ReadonlyMap<string, number>,
): Insertion {
  if (shape.columns.length === 0)
    return { sql: `insert into ${shape.name} default values`, offsets: [] }
  const names = shape.columns.map(({ name }) => name).join(', ')
  let sql = `insert into ${shape.name} (${names}) overriding system value values (`
  const offsets = shape.columns.map(({ name }, index) => {
    const all = candidates.get(name) ?? []
    const value = all[Math.min(chosen.get(name) ?? 0, all.length - 1)] ?? null
    if (index > 0) sql += ', '
    const at = codePoints(sql) + 1
    sql += value === null ? 'null' : quoteLiteral(value).trimStart()
    return { column: name, at }
  })
  return { sql: `${sql})`, offsets }
}

function candidatesOf(shape: TableShape, row: number, referenced: ReferencedRows): Candidates {
  const fixed = foreignValues(shape, row, referenced)
  return new Map(
    shape.columns.map((column) => {
      const values = fixed.get(column.name) ?? valuesOf(column, shape, row)
      const empty = row === 0 && !column.required
      return [column.name, empty ? [null, ...values] : column.required ? values : [...values, null]]
    }),
  )
}

function valuesOf({ name, type }: ColumnShape, shape: TableShape, row: number): readonly Value[] {
  const bounds = shape.keys.includes(name) ? shape.bounds.flatMap(boundValues) : []
  const usual = row === EDGE_ROW ? edgeValues(type) : plainValues(type, row)
  const [first, ...rest] = [...bounds, ...usual]
  const conditions = shape.checks.filter((check: CheckShape) => check.columns.includes(name))
  const constants = conditions.flatMap(({ text }) => constantsOf(text))
  const hashed = shape.bounds.some((bound) => bound.includes('WITH (modulus'))
  const many = hashed && bounds.length === 0 && shape.keys.includes(name) ? SPREAD : []
  return [...(first === undefined ? [] : [first]), ...rotated(constants, row), ...rest, ...many]
}

const SPREAD = Array.from({ length: 40 }, (_, index) => String(index))

function boundValues(bound: string): readonly string[] {
  if (bound === 'DEFAULT') return ['2999-12-31', '32000', 'zzz']
  if (bound.includes('modulus')) return []
  const inclusive = bound.includes(' TO ') ? bound.split(' TO ') : [bound]
  return inclusive.flatMap(constantsOf)
}

function rotated(values: readonly string[], by: number): readonly string[] {
  const at = values.length === 0 ? 0 : by % values.length
  return [...values.slice(at), ...values.slice(0, at)]
}

/** Columns of foreign keys take what the other table has; a row that refers to its own table refers to nothing, or itself. */
function foreignValues(
  { foreign, columns }: TableShape,
  row: number,
  referenced: ReferencedRows,
): ReadonlyMap<string, readonly Value[]> {
  const values = new Map<string, readonly Value[]>()
  for (const [index, key] of foreign.entries()) {
    const rows = referenced.get(index) ?? []
    const other = rows.length === 0 ? undefined : rows[row % rows.length]
    for (const [at, column] of key.columns.entries()) {
      const required = columns.find(({ name }) => name === column)?.required ?? false
      const value = other?.[at]
      if (value !== undefined) values.set(column, [value])
      else if (!required) values.set(column, [null])
    }
  }
  return values
}

function codePoints(text: string): number {
  return text.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, ' ').length
}
