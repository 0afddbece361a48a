import type { LockMode } from '../rules/effect.ts'
import { parseSql } from '../sql/parser.ts'
import type { HeldLock } from './relation-state.ts'
import { isTree, treeAt, treesIn } from './syntax-tree.ts'
import type { Tree } from './syntax-tree.ts'
import { rowsOf } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'
import { quoteLiteral, quoteName } from './sql-client.ts'

/** What the manual says about the locks of a statement that runs outside of transactions. */
export interface ExpectedLocks {
  readonly held: readonly HeldLock[]
  /** Reads all rows: its counts are not to be seen from its own session. */
  readonly scans: boolean
}

const NOTHING = { held: [], scans: false }

/** Locks of the few statements that refuse a transaction, on the relations that they name. */
export async function locksByKind(client: SqlClient, sql: string): Promise<ExpectedLocks> {
  const parsed = parseSql(sql)
  const [statement] = 'problem' in parsed ? [] : parsed
  if (!statement) return NOTHING
  const { kind, node } = statement
  const mode = modeOf(kind, node)
  if (!mode) return NOTHING
  const held = await tablesNamed(client, namesIn(node), mode)
  return { held, scans: kind === 'VacuumStmt' }
}

function modeOf(kind: string, node: unknown): LockMode | undefined {
  if (kind === 'VacuumStmt')
    return hasOption(node, 'full') ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'
  if (kind === 'ClusterStmt') return 'ACCESS EXCLUSIVE'
  if (kind === 'ReindexStmt')
    return hasOption(node, 'concurrently') ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'
  const known = ['IndexStmt', 'DropStmt', 'AlterTableStmt'].includes(kind)
  return known && JSON.stringify(node).includes('"concurrent":true')
    ? 'SHARE UPDATE EXCLUSIVE'
    : undefined
}

/** Whether an option is there and not switched off. */
function hasOption(tree: unknown, option: string): boolean {
  if (Array.isArray(tree)) return tree.some((item) => hasOption(item, option))
  if (!isTree(tree)) return false
  if (tree['defname'] === option)
    return !/"sval":"(false|off|0)"|"boolval":\{\}|"ival":\{\}/.test(JSON.stringify(tree))
  return Object.values(tree).some((value) => hasOption(value, option))
}

/** All relations that a tree names: as ranges, or as lists of words (DROP INDEX). */
function namesIn(tree: unknown): string[] {
  if (Array.isArray(tree)) return tree.flatMap(namesIn)
  if (!isTree(tree)) return []
  return Object.entries(tree).flatMap(([key, value]): string[] => {
    if (!isTree(value)) return namesIn(value)
    if (typeof value['relname'] === 'string')
      return [spell([value['schemaname'], value['relname']])]
    return key === 'List' ? [spell(treesIn(value['items']).map(wordOf))] : namesIn(value)
  })
}

function wordOf(node: Tree): unknown {
  return treeAt(node, 'String')?.['sval']
}

function spell(parts: readonly unknown[]): string {
  const words = parts.filter((part) => typeof part === 'string' && part !== '')
  return words.map((word) => quoteName(String(word))).join('.')
}

/** A statement that names no table is about all of them. */
async function tablesNamed(
  client: SqlClient,
  names: readonly string[],
  mode: LockMode,
): Promise<HeldLock[]> {
  const regclasses = names.map((name) => `to_regclass(${quoteLiteral(name)})`)
  const which =
    regclasses.length > 0 ? `c.oid in (${regclasses.join(', ')})` : "c.relkind in ('r', 'm')"
  const rows = await rowsOf<{ readonly oid: string }>(
    client,
    `select distinct coalesce(i.indrelid, c.oid) as oid from pg_catalog.pg_class c
     left join pg_catalog.pg_index i on i.indexrelid = c.oid where ${which}`,
  )
  return rows.map(({ oid }) => ({ oid, mode }))
}
