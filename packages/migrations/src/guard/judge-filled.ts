import type { Finding } from '../finding.ts'
import type { Migration } from '../migration.ts'
import type { CheckReport } from '../report.ts'
import type { Backfill } from './define-backfill.ts'
import type { PendingMigration } from './pending.ts'
import { touchedBy, touchesTable } from './touched.ts'

/**
 * Judges what narrows on rows that are filled as they will be by then: those of an oracle are made up, with NULL wherever that is
 * allowed. Nothing narrows before its backfills are complete, which is seen to elsewhere.
 *
 * @param ask judges with these in front of what narrows
 * @param narrowing in the order in which they will run
 */
export async function judgeFilled(
  ask: (filling: readonly Migration[]) => Promise<CheckReport>,
  backfills: readonly Backfill[],
  narrowing: readonly PendingMigration[],
): Promise<CheckReport> {
  const touched = touchedBy(narrowing.flatMap(({ stepped }) => stepped.script.statements))
  let filling = backfills.filter(({ table }) => touchesTable(touched, table)).map(inOneGo)
  for (;;) {
    const report = await ask(filling)
    const refused = new Set(report.findings.filter(isRefused).map(({ migration }) => migration))
    const left = filling.filter(({ id }) => !refused.has(id))
    if (left.length === filling.length) return withoutFilling(report, filling, narrowing)
    // Such as one whose columns were dropped long ago: it fills nothing, and must not keep the others from being tried.
    filling = left
  }
}

function inOneGo({ id, whole }: Backfill): Migration {
  const name = `backfill ${id}`
  return { id: name, file: name, sql: whole, transaction: 'own' }
}

function isRefused({ error, release }: Finding): boolean {
  return error !== undefined && release === undefined
}

/** What is told at a backfill, but is about releases, is about what the backfill makes way for. */
function withoutFilling(
  report: CheckReport,
  filling: readonly Migration[],
  narrowing: readonly PendingMigration[],
): CheckReport {
  const ids = new Set(filling.map(({ id }) => id))
  const first = narrowing[0]?.stepped.migration
  const findings = report.findings.flatMap((one) => {
    if (!ids.has(one.migration)) return [one]
    if (!first || one.release === undefined || !one.error) return []
    return [
      { ...one, migration: first.id, file: first.file, line: first.firstLine ?? 1, column: 1 },
    ]
  })
  return { ...report, findings }
}
