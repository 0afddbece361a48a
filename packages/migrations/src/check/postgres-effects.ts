import { createCatalog, loadCatalog } from '../catalog/create-catalog.ts'
import { queryNeeds } from '../contracts/query-needs.ts'
import type { Migration } from '../migration.ts'
import { judgeStatements } from '../rules/judge-statements.ts'
import { loadParser, readScripts } from '../sql/read-scripts.ts'
import type { Script, Statement } from '../sql/statement.ts'
import type { CheckSettings } from './check-options.ts'
import { releaseUses } from './live-needs.ts'
import type { ReadEffects } from './migration-effects.ts'
import type { MigrationEffects, StatementEffects } from './migration-effects.ts'

/**
 * Reads migrations for PostgreSQL, each statement on the schema that it will meet.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema does not load
 */
export async function postgresEffects(settings: CheckSettings): Promise<ReadEffects> {
  await loadParser()
  const { schema, live, migrations, transactions, serverVersion } = settings
  const catalog = schema === undefined ? createCatalog({ complete: false }) : loadCatalog(schema)
  catalog.seal()
  const releases = live && releaseUses(live, (sql) => queryNeeds(sql, catalog))
  const scripts = readScripts(migrations, transactions)
  const statements = scripts.flatMap((script) => script.statements)
  const judged = new Map(
    judgeStatements(statements, catalog, { version: serverVersion }).map((one) => [
      one.statement,
      one.effects,
    ]),
  )
  return {
    releases,
    migrations: scripts.map((script, index) => migrationEffects(migrations[index], script, judged)),
  }
}

function migrationEffects(
  migration: Migration | undefined,
  { statements, directives, unreadable }: Script,
  judged: ReadonlyMap<Statement, StatementEffects['effects']>,
): MigrationEffects {
  const read = migration ?? { id: '', file: '', sql: '' }
  const effects = statements.map((statement) =>
    statementEffects(statement, judged.get(statement) ?? []),
  )
  return { migration: read, statements: effects, directives, unreadable }
}

function statementEffects(
  statement: Statement,
  effects: StatementEffects['effects'],
): StatementEffects {
  const { sql, place, transaction } = statement
  return {
    sql,
    place,
    transaction,
    effects,
    control: controlOf(statement),
    placeOf: (at) => (at === undefined ? place : statement.placeOf(at)),
  }
}

const CONTROLS: Readonly<Record<string, StatementEffects['control']>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
}

function controlOf({ node }: Statement): StatementEffects['control'] {
  return 'TransactionStmt' in node ? CONTROLS[node.TransactionStmt.kind ?? ''] : undefined
}
