import type { CheckSettings } from '../check/check-options.ts'
import { blamedStatement } from '../check/blame.ts'
import { releaseUses } from '../check/live-needs.ts'
import type { ReleaseUse } from '../check/live-needs.ts'
import type { LiveRelease } from '../contracts/contract.ts'
import type { MigrationEffects, ReadEffects, StatementEffects } from '../check/migration-effects.ts'
import type { BrokenQuery, OracleProof, StatementProof } from '../check/oracle-proof.ts'
import type { Lexis } from '../dialects/tokens.ts'
import { readMigration } from '../dialects/read-migration.ts'
import type { ReadMigration } from '../dialects/read-migration.ts'
import type { Effect } from '../rules/effect.ts'
import { SQLITE_TEXTS } from '../rules/sqlite-texts.ts'
import { watchQueries } from './live-queries.ts'
import type { LiveQueries } from './live-queries.ts'
import { runMigration } from './run-migration.ts'
import { scratchDatabase } from './scratch.ts'
import { snapshot } from './snapshot.ts'
import { liteStatement } from './statement-kind.ts'

const LEXIS: Lexis = {
  hashes: false,
  dashesNeedBlank: false,
  backslashes: false,
  doubleQuotes: 'name',
  brackets: true,
  delimiters: false,
  counts: () => false,
}

/**
 * Runs migrations on a SQLite database in memory, and reads what they do from the schema before and after. With live releases,
 * their queries are run after each migration.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_PEER_MISSING`, or `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema
 * itself does not load
 */
export async function sqliteEffects(
  settings: CheckSettings,
): Promise<ReadEffects & { readonly proof?: OracleProof }> {
  const { schema, live, migrations, signal } = settings
  const database = await scratchDatabase(schema)
  try {
    const queries = live && watchQueries(database, live)
    const releases = live && queries && usesOf(live, queries)
    const byStatement = new Map<StatementEffects, StatementProof>()
    const origin = snapshot(database)
    const read = migrations.map((one, index): MigrationEffects => {
      signal?.throwIfAborted()
      const cut = readMigration(one, LEXIS)
      const effects = runMigration(database, cut.statements, origin, schema !== undefined)
      const judged = migrationEffects(cut, effects, index)
      blame(byStatement, judged.statements, queries?.newlyBroken() ?? [], releases ?? [])
      return judged
    })
    if (!queries) return { migrations: read, releases }
    const { brokenBefore, unexecuted } = queries
    return { migrations: read, releases, proof: { byStatement, brokenBefore, unexecuted } }
  } finally {
    database.close()
  }
}

/** All of a migration counts as one: a table that is written anew is gone in between, and back at the end. */
function migrationEffects(
  { migration, statements, directives, unreadable }: ReadMigration,
  effects: readonly (readonly Effect[])[],
  transaction: number,
): MigrationEffects {
  const judged = statements.map(({ sql, place, tokens }, index): StatementEffects => {
    const { kind } = liteStatement(tokens)
    const isControl = kind === 'begin' || kind === 'commit' || kind === 'rollback'
    return {
      sql,
      place,
      transaction,
      control: isControl ? kind : undefined,
      effects: (effects[index] ?? []).map(inDialect),
      placeOf: () => place,
    }
  })
  return { migration, statements: judged, directives, unreadable }
}

/** Queries that can be run are run, so that nobody has to read them; of the others nothing is known. */
function usesOf(live: readonly LiveRelease[], { unexecuted }: LiveQueries): ReleaseUse[] {
  const unknown = new Set(unexecuted.map(({ query }) => query.sql))
  return releaseUses(live, (sql) => (unknown.has(sql) ? undefined : []))
}

function blame(
  proofs: Map<StatementEffects, StatementProof>,
  statements: readonly StatementEffects[],
  broken: readonly BrokenQuery[],
  releases: readonly ReleaseUse[],
): void {
  for (const statement of statements) {
    const own = broken.filter((one) => blamedStatement(statements, one, releases) === statement)
    proofs.set(statement, { observation: undefined, asked: true, broken: own })
  }
}

function inDialect(effect: Effect): Effect {
  const text = `sqlite/${effect.rule}`
  return text in SQLITE_TEXTS ? { ...effect, text } : effect
}
