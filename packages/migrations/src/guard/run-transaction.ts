import { isThere } from './look.ts'
import { stepRef } from './run-context.ts'
import type { RunContext } from './run-context.ts'
import type { Attempt, RunAttempt, Unit } from './run-unit.ts'
import { kindOf } from './step-kind.ts'
import type { GuardStep } from './steps.ts'
import { lockBudget } from './worker-settings.ts'

/**
 * An attempt at steps that are all or nothing: that they are done is written in their own transaction, so that it says so if
 * and only if they are.
 */
export function transactionAttempt(context: RunContext, unit: Unit, begun: boolean): RunAttempt {
  return async (attempt, watching): Promise<Attempt> => {
    await start(context, unit, attempt)
    if (begun && (await allThere(context, unit))) {
      await moveFloor(context, unit)
      context.floor?.made()
      for (const step of unit.steps) await context.journal.done(step, true)
      tellEach(context, unit, 'step-found')
      return 'done'
    }
    await send(context, unit, watching)
    return 'done'
  }
}

async function start(context: RunContext, unit: Unit, attempt: number): Promise<void> {
  tellEach(context, unit, 'step-starting')
  for (const step of unit.steps) await context.journal.start(step, attempt)
  tellEach(context, unit, 'step-started')
}

async function send(
  context: RunContext,
  unit: Unit,
  watching: Parameters<RunAttempt>[1],
): Promise<void> {
  const { worker } = context.session
  const budget = lockBudget(context.settings)
  await worker.query('begin')
  for (const statement of unit.steps.flatMap(({ statements }) => statements)) {
    context.signal?.throwIfAborted()
    const kind = kindOf(statement)
    await worker.query(budget.settingsFor(kind))
    if (kind === 'lock') watching(kind)
    await worker.query(statement.sql)
  }
  await writeDone(context, unit)
  tellEach(context, unit, 'step-committing')
  await worker.query('commit')
  context.floor?.made()
  tellEach(context, unit, 'step-done')
}

async function writeDone(context: RunContext, { steps }: Unit): Promise<void> {
  const { journal, session } = context
  // What the migration has made of its session must not decide whether the journal can be written.
  await session.worker.query('set local role none')
  for (const step of steps) await journal.done(step, false)
  await moveFloor(context, { steps })
}

async function moveFloor(
  { floor, session }: RunContext,
  { steps }: Pick<Unit, 'steps'>,
): Promise<void> {
  const last = steps.at(-1)
  if (last) await floor?.write(session.worker, last.migration.id)
}

/** Where someone has done by hand what failed before, it is not done twice. */
async function allThere({ session }: RunContext, { steps }: Unit): Promise<boolean> {
  for (const step of steps) if (!(await isThere(session.worker, step, true))) return false
  return true
}

function tellEach(
  { tell }: RunContext,
  { steps }: Unit,
  type: 'step-starting' | 'step-started' | 'step-committing' | 'step-done' | 'step-found',
): void {
  steps.forEach((step: GuardStep) => tell({ type, ...stepRef(step) }))
}
