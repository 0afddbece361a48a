import type { Database } from 'sql.js'
import type { Effect } from '../rules/effect.ts'
import type { ReadStatement } from '../dialects/read-migration.ts'
import { messageOf } from './scratch.ts'
import { snapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import type { MigrationRun, Step } from './migration-run.ts'
import { liteStatement } from './statement-kind.ts'
import type { LiteStatement } from './statement-kind.ts'
import { refusalEffect } from './refusals.ts'
import { statementEffects } from './statement-effects.ts'

/** Runs the statements of a migration, and says of each what it did once all have run. */
export function runMigration(
  database: Database,
  statements: readonly ReadStatement[],
  origin: Snapshot,
  complete: boolean,
): readonly (readonly Effect[])[] {
  let before = snapshot(database)
  const steps = statements.map(({ sql, tokens }): Step => {
    const statement = liteStatement(tokens)
    const error = run(database, sql, statement)
    const after = snapshot(database)
    const step = { statement, before, after, error }
    before = after
    return step
  })
  endTransaction(database)
  const end = snapshot(database)
  return steps.map((step) => effectsOf(step, { steps, origin, end, complete }))
}

function effectsOf(step: Step, whole: MigrationRun): readonly Effect[] {
  if (step.error !== undefined) return [refusalEffect(step.statement, step.error, whole.complete)]
  return statementEffects(step, whole)
}

/** What would leave the scratch database is not run. */
function run(database: Database, sql: string, { kind }: LiteStatement): string | undefined {
  if (kind === 'vacuum-full' || /^\s*(?:attach|detach)\b/i.test(sql)) return undefined
  try {
    database.exec(sql)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** A migration that forgets its COMMIT must not spoil the next one. */
function endTransaction(database: Database): void {
  try {
    database.exec('COMMIT')
  } catch {
    // None was open.
  }
}
