import { parseSql } from '../sql/parser.ts'
import { isTree, treeAt, treesIn } from './syntax-tree.ts'
import type { Tree } from './syntax-tree.ts'

/** A column that a parameter of a query is written to. */
export interface ParameterTarget {
  /** As written; undefined where the path decides. */
  readonly schema: string | undefined
  readonly table: string
  /** Its name, or its place from 0 where the query names no columns. */
  readonly column: string | number
}

/** Whether a query can be prepared by name: one SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES. */
export function isPreparable(sql: string): boolean {
  const parsed = parseSql(sql)
  return !('problem' in parsed) && parsed.length === 1 && PREPARABLE.has(parsed[0]?.kind ?? '')
}

const PREPARABLE: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

/** Whether a query ends or begins a transaction: there is nothing to prove by running it. */
export function isTransactionControl(sql: string): boolean {
  const parsed = parseSql(sql)
  return !('problem' in parsed) && parsed.every(({ kind }) => kind === 'TransactionStmt')
}

/** Where the parameters of a query are written to, by their numbers. */
export function parameterTargets(sql: string): ReadonlyMap<number, ParameterTarget> {
  const parsed = parseSql(sql)
  const targets = new Map<number, ParameterTarget>()
  if (!('problem' in parsed))
    visit(
      parsed.map(({ node }) => node),
      targets,
    )
  return targets
}

function visit(tree: unknown, targets: Map<number, ParameterTarget>): void {
  if (Array.isArray(tree)) tree.forEach((item) => visit(item, targets))
  if (!isTree(tree)) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'InsertStmt' && isTree(value)) insertTargets(value, targets)
    if (key === 'UpdateStmt' && isTree(value)) updateTargets(value, targets)
    visit(value, targets)
  }
}

function insertTargets(insert: Tree, targets: Map<number, ParameterTarget>): void {
  const names = treesIn(insert['cols']).map((column) => treeAt(column, 'ResTarget')?.['name'])
  const select = treeAt(insert, 'selectStmt', 'SelectStmt')
  for (const row of treesIn(select?.['valuesLists'])) {
    const items = treesIn(treeAt(row, 'List')?.['items'])
    items.forEach((item, index) => note(insert, item, names[index] ?? index, targets))
  }
}

function updateTargets(update: Tree, targets: Map<number, ParameterTarget>): void {
  for (const item of treesIn(update['targetList'])) {
    const target = treeAt(item, 'ResTarget')
    if (target) note(update, target['val'], target['name'], targets)
  }
}

function note(
  statement: Tree,
  value: unknown,
  column: unknown,
  targets: Map<number, ParameterTarget>,
): void {
  const relation = treeAt(statement, 'relation')
  const parameter = parameterIn(value)
  const table = relation?.['relname']
  if (parameter === undefined || typeof table !== 'string') return
  if (typeof column !== 'string' && typeof column !== 'number') return
  const schema = relation?.['schemaname']
  targets.set(parameter, { schema: typeof schema === 'string' ? schema : undefined, table, column })
}

/** The parameter that a value is, with casts around it or not. */
function parameterIn(value: unknown): number | undefined {
  const parameter = treeAt(value, 'ParamRef')?.['number']
  if (typeof parameter === 'number') return parameter
  const cast = treeAt(value, 'TypeCast')
  return cast ? parameterIn(cast['arg']) : undefined
}
