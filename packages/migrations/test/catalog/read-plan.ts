import type { Catalog } from '../../src/catalog/catalog.ts'
import { createCatalog, loadCatalog } from '../../src/catalog/create-catalog.ts'
import type { MutableCatalog } from '../../src/catalog/create-catalog.ts'
import { readScripts } from '../../src/sql/read-scripts.ts'
import type { Statement } from '../../src/sql/statement.ts'

function readPlan(sql: string): readonly Statement[] {
  return readScripts([{ id: 'plan', file: 'plan.sql', sql }], 'none')[0]?.statements ?? []
}

export function applyPlan(catalog: MutableCatalog, sql: string): Catalog {
  for (const statement of readPlan(sql)) catalog.apply(statement)
  return catalog
}

/** The catalog of a schema after a plan. */
export function after(schema: string, plan = ''): Catalog {
  return applyPlan(loadCatalog(schema), plan)
}

/** What a plan makes of a database that nobody told us of. */
export function afterUnknown(plan: string): MutableCatalog {
  const catalog = createCatalog({ complete: false })
  catalog.seal()
  applyPlan(catalog, plan)
  return catalog
}
