import type { Node, SelectStmt, VariableSetStmt } from 'libpg-query'
import type { CatalogState } from './state.ts'
import { payload, words } from './syntax.ts'

const FOLLOWED: ReadonlySet<string> = new Set(['search_path', 'timezone'])

/** Restores what SET LOCAL changed, when its transaction ends. */
export type LocalSettings = Map<string, readonly string[] | undefined>

/** `SET`, `SET LOCAL`, `RESET` of the settings that decide what a statement means. */
export function setVariable(
  state: CatalogState,
  statement: VariableSetStmt,
  local: LocalSettings,
): boolean {
  if (statement.kind === 'VAR_RESET_ALL') {
    for (const name of FOLLOWED) write(state, name, undefined)
    return true
  }
  const name = (statement.name ?? '').toLowerCase()
  const values = statement.kind === 'VAR_SET_VALUE' ? valuesOf(statement.args) : undefined
  return assign(state, name, values, statement.is_local === true ? local : undefined)
}

/** `SELECT set_config('search_path', ..., is_local)`. */
export function callSetConfig(
  state: CatalogState,
  statement: SelectStmt,
  local: LocalSettings,
): void {
  for (const target of statement.targetList ?? []) {
    const call = payload(payload(target, 'ResTarget')?.val, 'FuncCall')
    if (words(call?.funcname).at(-1) !== 'set_config') continue
    const [name, value, isLocal] = (call?.args ?? []).map((node) => payload(node, 'A_Const'))
    if (value?.sval === undefined) continue
    const key = (name?.sval?.sval ?? '').toLowerCase()
    const text = value.sval.sval ?? ''
    assign(
      state,
      key,
      key === 'search_path' ? splitPath(text) : [text],
      isLocal?.boolval?.boolval === true ? local : undefined,
    )
  }
}

/** `ALTER DATABASE ... SET` and `ALTER ROLE ... SET` hold for later sessions. */
export function setDefault(state: CatalogState, statement: VariableSetStmt | undefined): boolean {
  const name = (statement?.name ?? '').toLowerCase()
  if (!FOLLOWED.has(name) || statement?.kind !== 'VAR_SET_VALUE') return true
  state.journal.write(state.defaults, name, cleaned(name, valuesOf(statement.args)))
  return true
}

function assign(
  state: CatalogState,
  name: string,
  values: readonly string[] | undefined,
  local: LocalSettings | undefined,
): boolean {
  if (!FOLLOWED.has(name)) return true
  if (local !== undefined && !local.has(name)) local.set(name, state.settings.get(name))
  if (local === undefined && values !== undefined)
    state.journal.write(state.settings, name, cleaned(name, values))
  else write(state, name, values === undefined ? undefined : cleaned(name, values))
  return true
}

/** `"$user"` stands for a schema that nobody told us of. */
function cleaned(name: string, values: readonly string[]): readonly string[] {
  return name === 'search_path'
    ? values.filter((one) => one !== '' && one !== '$user' && one !== 'pg_catalog')
    : values
}

function write(state: CatalogState, name: string, values: readonly string[] | undefined): void {
  state.journal.write(state.settings, name, values)
}

function valuesOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => {
    const constant = payload(payload(node, 'TypeCast')?.arg ?? node, 'A_Const')
    if (constant?.sval !== undefined) return constant.sval.sval ?? ''
    return String(constant?.ival?.ival ?? constant?.fval?.fval ?? 0)
  })
}

function splitPath(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').toLowerCase() : quoted.replaceAll('""', '"'),
  )
}
