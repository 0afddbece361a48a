import type { Phase } from '../phase.ts'
import { assertComplete, runBackfill } from './run-backfill.ts'
import type { BackfillProgress } from './guard-events.ts'
import type { JudgedPhase } from './judge-phase.ts'
import { aloneAttempt } from './run-alone.ts'
import type { RunContext } from './run-context.ts'
import { transactionAttempt } from './run-transaction.ts'
import { unitOf, withRetries } from './run-unit.ts'
import type { PendingMigration } from './pending.ts'
import { isNarrowing } from './select-phase.ts'
import { placeOf } from './steps.ts'
import type { GuardStep } from './steps.ts'
import { stepRef } from './run-context.ts'
import { touchedBy, touchesTable } from './touched.ts'
import { prepareWorker } from './worker-settings.ts'

/** What was done of a phase. */
export interface PhaseWork {
  /** Ids of the migrations that are complete now. */
  readonly ran: readonly string[]
  readonly backfills: readonly BackfillProgress[]
}

/** Runs what was judged. Under the lock. */
export async function runPhase(
  context: RunContext,
  { selected, backfills }: JudgedPhase,
  phase: Phase,
): Promise<PhaseWork> {
  if (isNarrowing(phase)) await assertBackfilled(context, selected)
  for (const { stepped } of selected) {
    await context.journal.plan(stepped, phase)
    stepped.steps.forEach((step) => context.tell({ type: 'step-planned', ...stepRef(step) }))
  }
  await prepareWorker(context.session.worker)
  let before: string | undefined
  for (const unit of unitsOf(selected)) {
    const [first] = unit
    if (!first) continue
    if (before !== undefined && before !== first.step.migration.id)
      await prepareWorker(context.session.worker)
    await runUnit(context, unit)
    before = unit.at(-1)?.step.migration.id
  }
  await prepareWorker(context.session.worker)
  const progress: BackfillProgress[] = []
  for (const one of backfills) progress.push(await runBackfill(context, one))
  return { ran: selected.map(({ stepped }) => stepped.migration.id), backfills: progress }
}

interface UnitStep {
  readonly step: GuardStep
  readonly begun: boolean
}

/** Steps that are committed together, in the order of the files. */
function unitsOf(selected: readonly PendingMigration[]): UnitStep[][] {
  const units: UnitStep[][] = []
  let current: number | undefined
  for (const { steps, begun } of selected) {
    for (const step of steps) {
      const { transaction } = step
      const joins = transaction !== undefined && transaction >= 0 && transaction === current
      const one = { step, begun: begun.has(step.index) }
      if (joins) units.at(-1)?.push(one)
      else units.push([one])
      current = transaction
    }
  }
  return units
}

async function runUnit(
  context: RunContext,
  [first, ...others]: readonly UnitStep[],
): Promise<void> {
  if (!first) return
  await context.lock.assertHeld(`before ${placeOf(first.step)}`)
  const unit = unitOf(
    first.step,
    others.map(({ step }) => step),
  )
  const begun = [first, ...others].every((one) => one.begun)
  const attempt =
    first.step.transaction === undefined
      ? aloneAttempt(context, first.step, first.begun)
      : transactionAttempt(context, unit, begun)
  await withRetries(context, unit, attempt)
  await context.lock.assertHeld(`in ${placeOf(first.step)}`)
}

/** Backfills of the tables that are to be narrowed have to be complete. */
async function assertBackfilled(
  { settings, session }: RunContext,
  selected: readonly PendingMigration[],
): Promise<void> {
  const touched = touchedBy(selected.flatMap(({ stepped }) => stepped.script.statements))
  for (const backfill of settings.backfills) {
    if (touchesTable(touched, backfill.table))
      await assertComplete(session.worker, settings.tables, backfill)
  }
}
