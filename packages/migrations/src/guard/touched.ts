import { isTree } from '../oracles/syntax-tree.ts'
import type { Statement } from '../sql/statement.ts'

/** What a migration mentions, without schemas. */
export interface Touched {
  /** Relations, and whatever else it makes, changes or drops. */
  readonly names: ReadonlySet<string>
  /** Types and functions that it uses; most of them are the server's own. */
  readonly uses: ReadonlySet<string>
  /** It runs SQL that cannot be read: it may touch anything. */
  readonly anything: boolean
}

/** Keys under which the grammar keeps names of objects as lists of strings. */
const NAME_LISTS: ReadonlySet<string> = new Set([
  'objects',
  'object',
  'objname',
  'typeName',
  'funcname',
  'names',
  'domainname',
  'defnames',
])

interface Found {
  readonly names: Set<string>
  readonly uses: Set<string>
}

/** Everything that the statements mention. Pure. */
export function touchedBy(statements: readonly Statement[]): Touched {
  const found: Found = { names: new Set(), uses: new Set() }
  let anything = false
  for (const statement of statements) {
    collect(statement.node, { key: undefined, isUse: false }, found)
    const inner = touchedBy(statement.inner)
    for (const name of inner.names) found.names.add(name)
    for (const name of inner.uses) found.uses.add(name)
    anything ||= statement.dynamic || inner.anything
  }
  return { ...found, anything }
}

/** What one of them changes and the other needs; undefined where there is nothing. */
export function sharedBy(one: Touched, other: Touched): readonly string[] | undefined {
  if (one.anything || other.anything)
    return ['anything (it runs SQL that is put together when it runs)']
  const isShared = (name: string): boolean => other.names.has(name) || other.uses.has(name)
  const shared = [
    ...[...one.names].filter(isShared),
    ...[...one.uses].filter((name) => other.names.has(name)),
  ]
  return shared.length > 0 ? shared : undefined
}

/** Whether anything is done to the table, as a backfill names it. */
export function touchesTable({ anything, names }: Touched, table: string): boolean {
  const name = table.split('.').at(-1)?.replaceAll('"', '') ?? ''
  return anything || names.has(name) || names.has(name.toLowerCase())
}

interface Within {
  readonly key: string | undefined
  /** Whether a name is used here, and not defined, changed or dropped. */
  readonly isUse: boolean
}

function collect(value: unknown, within: Within, found: Found): void {
  const { key } = within
  if (Array.isArray(value)) {
    if (key !== undefined && NAME_LISTS.has(key))
      addName(value, within.isUse ? found.uses : found.names)
    for (const one of value) collect(one, within, found)
    return
  }
  if (!isTree(value)) return
  if (typeof value['relname'] === 'string') found.names.add(value['relname'])
  for (const [inner, one] of Object.entries(value)) {
    const same = inner === 'List' || inner === 'items'
    collect(one, { key: same ? key : inner, isUse: isUse(inner, within) }, found)
  }
}

/** Calls, and types of columns and values, are uses; what DROP and ALTER name is not. */
function isUse(key: string, { isUse: already }: Within): boolean {
  if (key === 'objects' || key === 'object') return false
  return already || key === 'FuncCall' || USED_TYPES.has(key)
}

const USED_TYPES: ReadonlySet<string> = new Set(['ColumnDef', 'TypeCast', 'argType', 'returnType'])

function addName(list: readonly unknown[], names: Set<string>): void {
  const words = list.map(wordOf)
  if (words.includes(undefined) || words[0] === 'pg_catalog') return
  const last = words.at(-1)
  if (last !== undefined) names.add(last)
}

function wordOf(node: unknown): string | undefined {
  const word = isTree(node) && isTree(node['String']) ? node['String']['sval'] : undefined
  return typeof word === 'string' ? word : undefined
}
