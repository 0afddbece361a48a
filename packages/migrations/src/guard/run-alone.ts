import { refuse } from '../migration-error.ts'
import type { Statement } from '../sql/statement.ts'
import { isLost } from './guard-client.ts'
import { lookAt } from './look.ts'
import { stepRef } from './run-context.ts'
import type { RunContext } from './run-context.ts'
import type { Attempt, RunAttempt } from './run-unit.ts'
import type { Sight } from './sight.ts'
import { kindOf } from './step-kind.ts'
import { firstLine, placeOf } from './steps.ts'
import type { GuardStep } from './steps.ts'
import { sessionSettings } from './worker-settings.ts'

/** An attempt at a statement that refuses to be in a transaction: whether it is done is told by the catalog alone. */
export function aloneAttempt(
  context: RunContext,
  step: GuardStep,
  begunBefore: boolean,
): RunAttempt {
  return async (attempt, watching): Promise<Attempt> => {
    const [statement] = step.statements
    if (!statement) return 'done'
    const { journal, session, tell } = context
    // The search path and the like of the migration hold; its time-outs do not.
    await useTimeouts(context, statement)
    const sight = await lookAt(session.worker, statement)
    if (sight.sees === 'busy') return 'busy'
    const begun = begunBefore || attempt > 1
    if (begun && sight.sees === 'unknown') throw undecided(context, step, statement)
    tell({ type: 'step-starting', ...stepRef(step) })
    await journal.start(step, attempt)
    tell({ type: 'step-started', ...stepRef(step) })
    const found = sight.sees === 'done' && (begun || statement.kind === 'IndexStmt')
    watching(kindOf(statement))
    if (!found) await send(context, step, statement, sight)
    await journal.done(step, found)
    tell({ type: found ? 'step-found' : 'step-done', ...stepRef(step) })
    return 'done'
  }
}

async function useTimeouts({ session, settings }: RunContext, statement: Statement): Promise<void> {
  for (const setting of sessionSettings(settings, kindOf(statement)))
    await session.worker.query(setting)
}

async function send(
  context: RunContext,
  { migration }: GuardStep,
  statement: Statement,
  sight: Sight,
): Promise<void> {
  const { session, floor } = context
  await repair(context, sight)
  if (sight.sees === 'rest') return
  // Before it: nothing can be written together with it.
  await floor?.write(session.worker, migration.id)
  floor?.made()
  try {
    await session.worker.query(statement.sql)
  } catch (error) {
    if (!isLost(error)) await cleanUp(context, statement)
    throw error
  }
}

async function repair({ session, tell }: RunContext, sight: Sight): Promise<void> {
  if (!('repair' in sight)) return
  for (const sql of sight.repair) {
    await session.worker.query(sql)
    tell({ type: 'index-dropped', index: sql })
  }
}

/** An index that is not valid still costs every write, and a unique one may refuse it. Where this fails, the next run does it. */
async function cleanUp(context: RunContext, statement: Statement): Promise<void> {
  try {
    const sight = await lookAt(context.session.worker, statement)
    if (sight.sees === 'invalid') await repair(context, sight)
  } catch {
    // What the step itself failed with says more.
  }
}

function undecided({ settings }: RunContext, step: GuardStep, { sql }: Statement): Error {
  return refuse('CHANGEOVER_MIGRATIONS_UNDECIDED', {
    place: placeOf(step),
    statement: firstLine(sql),
    table: settings.tables.steps,
    migration: step.migration.id,
    step: step.index,
  })
}
