import { refuse } from '../migration-error.ts'
import type { Migration } from '../migration.ts'
import { DIRECTIVE_MARKER } from '../sql/splitter.ts'
import type { Phase } from '../phase.ts'
import type { JournalRow } from './journal.ts'
import type { GuardStep, SteppedMigration } from './steps.ts'

/** A migration of which something is left to do. */
export interface PendingMigration {
  readonly stepped: SteppedMigration
  /** Steps that the journal does not call done. Settings of the session come again whenever anything comes after them. */
  readonly steps: readonly GuardStep[]
  /** Steps that were begun at some time, by their index. */
  readonly begun: ReadonlySet<number>
  /** Steps that the journal does not call done, and of which the catalog shows that they are: they are recorded, and no longer judged. */
  readonly seen: ReadonlySet<number>
  /** Where a part of it was begun: the phase it was begun in, which the rest alone might not tell. */
  readonly phase: Phase | undefined
}

/**
 * What the journal leaves to do, in the order of the files. Pure.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_CHANGED` where a migration was changed after a part of it ran
 */
export function pendingOf(
  all: readonly SteppedMigration[],
  journal: readonly JournalRow[],
): readonly PendingMigration[] {
  const rows = new Map<string, JournalRow[]>()
  for (const row of journal) rows.set(row.migration, [...(rows.get(row.migration) ?? []), row])
  return all.flatMap((stepped) => {
    const own = rows.get(stepped.migration.id) ?? []
    refuseChanged(stepped, own)
    const pending = pendingSteps(stepped, own)
    return pending ? [pending] : []
  })
}

/** A text of which nothing ran may be changed: that is how a step that failed is mended. */
function refuseChanged(
  { migration, checksum, steps }: SteppedMigration,
  rows: readonly JournalRow[],
): void {
  const outside = new Set(
    steps.filter((one) => one.transaction === undefined).map(({ index }) => index),
  )
  const ran = rows.find(
    ({ state, step, checksum: then }) =>
      then !== checksum && (state === 'done' || (state === 'running' && outside.has(step))),
  )
  if (!ran) return
  throw refuse('CHANGEOVER_MIGRATIONS_CHANGED', {
    migration: migration.id,
    now: checksum,
    before: ran.checksum,
  })
}

function pendingSteps(
  stepped: SteppedMigration,
  rows: readonly JournalRow[],
): PendingMigration | undefined {
  const states = new Map(rows.map(({ step, state }) => [step, state]))
  const isDone = ({ index }: GuardStep): boolean => states.get(index) === 'done'
  const last = stepped.steps.findLastIndex((step) => !isDone(step))
  // A migration without statements has nothing to do, and is never pending.
  if (last < 0) return undefined
  const steps = stepped.steps.slice(0, last + 1).filter((step) => !isDone(step) || isSession(step))
  const begun = rows.filter(({ state }) => state === 'running' || state === 'failed')
  return {
    stepped,
    steps,
    begun: new Set(begun.map(({ step }) => step)),
    seen: new Set(),
    phase: rows.find(({ state }) => state !== 'planned')?.phase,
  }
}

/** Whether the step does nothing but set variables of its session. */
export function isSession({ statements }: GuardStep): boolean {
  return statements.every(({ kind }) => kind === 'VariableSetStmt')
}

/** The migration without what is done already, everything else in its place: what is still to be judged. Pure. */
export function remainderOf({ stepped, steps, seen }: PendingMigration): Migration {
  const { migration } = stepped
  const left = new Set(steps.map(({ index }) => index).filter((index) => !seen.has(index)))
  const gone = stepped.steps.filter(({ index }) => !left.has(index))
  if (gone.length === 0) return migration
  const statements = gone.flatMap((step) => step.statements)
  const done = new Set(statements.map(({ index }) => index))
  // What was accepted for a statement that is done must not pass on to the one behind it.
  const accepted = stepped.script.directives.filter(
    (one) => one.says === 'ignore' && one.statement !== undefined && done.has(one.statement),
  )
  const parts = [
    ...statements.map(({ sql, place }) => ({ text: sql, place })),
    ...accepted.map(({ place }) => ({ text: DIRECTIVE_MARKER, place })),
  ]
  const sql = parts.reduce(
    (rest, { text, place }) => blankOut(rest, text, offsetOf(rest, migration, place)),
    migration.sql,
  )
  return { ...migration, sql }
}

function offsetOf(
  sql: string,
  { firstLine = 1 }: Migration,
  { line, column }: { readonly line: number; readonly column: number },
): number {
  let at = 0
  for (let passed = firstLine; passed < line; passed += 1) at = sql.indexOf('\n', at) + 1
  return at + column - 1
}

function blankOut(sql: string, text: string, at: number): string {
  return sql.slice(0, at) + text.replaceAll(/[^\n]/g, ' ') + sql.slice(at + text.length)
}
