import { refuse } from '../migration-error.ts'
import { readScripts } from '../sql/read-scripts.ts'
import { createCatalog } from './mutable-catalog.ts'
import type { MutableCatalog } from './mutable-catalog.ts'

export { createCatalog } from './mutable-catalog.ts'
export type { MutableCatalog } from './mutable-catalog.ts'

/**
 * The catalog of a whole schema, given as the output of pg_dump or as plain DDL. Sealed: what is applied to it is new.
 *
 * The parser has to be loaded before (`loadParser()`).
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where a statement cannot be read
 */
export function loadCatalog(schema: string): MutableCatalog {
  const [script] = readScripts(
    [{ id: 'schema', file: 'schema.sql', sql: withoutDumpMarks(schema) }],
    'none',
  )
  const [problem] = script?.unreadable ?? []
  if (problem !== undefined) {
    const { line, column } = problem.place
    throw refuse('CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED', {
      problem: problem.problem,
      place: `line ${line}, column ${column}`,
    })
  }
  const catalog = createCatalog({ complete: true })
  for (const statement of script?.statements ?? []) catalog.apply(statement)
  catalog.seal()
  return catalog
}

/** What pg_dump writes for psql alone: `\restrict`, `\connect` and rows of COPY. Lines stay where they are. */
function withoutDumpMarks(schema: string): string {
  if (!schema.includes('\n\\') && !schema.startsWith('\\')) return schema
  const withoutRows = schema.replaceAll(
    /^COPY [^\n]* FROM stdin;\r?\n[\s\S]*?^\\\.\r?$/gm,
    (rows) => rows.replaceAll(/[^\n]/g, ''),
  )
  return withoutRows.replaceAll(/^\\(?:un)?(?:restrict|connect)\b[^\n]*$/gm, '')
}
