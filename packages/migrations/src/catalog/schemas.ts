import type { CreateSchemaStmt, Node } from 'libpg-query'
import type { CatalogState } from './state.ts'

/** `CREATE SCHEMA`, with what it creates inside; that goes to the new schema unless it says otherwise. */
export function createSchema(
  state: CatalogState,
  statement: CreateSchemaStmt,
  run: (state: CatalogState, node: Node) => boolean,
): boolean {
  const name = statement.schemaname ?? statement.authrole?.rolename ?? ''
  if (state.schemas.has(name)) return statement.if_not_exists === true
  state.journal.write(state.schemas, name, { isNew: state.sealed })
  const before = state.settings.get('search_path')
  const path = before ?? state.defaults.get('search_path') ?? []
  state.journal.write<string, readonly string[]>(state.settings, 'search_path', [name, ...path])
  const done = (statement.schemaElts ?? []).every((element) => run(state, element))
  state.journal.write(state.settings, 'search_path', before)
  return done
}
