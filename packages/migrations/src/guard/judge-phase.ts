import { worst } from '../check/judge.ts'
import type { LiveRelease } from '../contracts/contract.ts'
import { worseVerdict } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { MigrationError, refuse } from '../migration-error.ts'
import type { Phase } from '../phase.ts'
import type { CheckReport } from '../report.ts'
import type { Backfill } from './define-backfill.ts'
import type { GuardSettings } from './guard-settings.ts'
import type { PendingMigration } from './pending.ts'
import { judgeFilled } from './judge-filled.ts'
import { isNarrowing, selectPhase } from './select-phase.ts'
import { refuseUnsendable } from './steps.ts'
import { checkOf, earlierOf } from './survey.ts'
import type { Survey } from './survey.ts'

/** What of a phase is to run, and what is to be said about it. */
export interface JudgedPhase {
  readonly selected: readonly PendingMigration[]
  readonly backfills: readonly Backfill[]
  readonly live: readonly LiveRelease[] | undefined
  readonly report: CheckReport
}

/**
 * Judges what is pending of a phase.
 *
 * @param ahead before the phases that come before it have run: they are taken for done
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_ORDER` or `CHANGEOVER_MIGRATIONS_UNSENDABLE`
 */
export async function judgePhase(
  settings: GuardSettings,
  found: Survey,
  phase: Phase,
  { ahead, signal }: { readonly ahead: boolean; readonly signal?: AbortSignal | undefined },
): Promise<JudgedPhase> {
  const earlier = ahead ? earlierOf(found.pending, phase) : []
  const counted = found.pending.filter(({ pending }) => !earlier.includes(pending))
  const selected = selectPhase(counted, phase)
  selected.forEach(({ stepped }) => refuseUnsendable(stepped))
  const backfills = phase === 'backfill' ? settings.backfills : []
  const report = await judgeSteps(settings, found, { earlier, selected }, signal)
  const batches = await judgeBatches(settings, found, backfills)
  return { selected, backfills, live: found.live, report: join(report, batches) }
}

interface JudgedSteps {
  /** Taken for done by the time that the selected ones run. */
  readonly earlier: readonly PendingMigration[]
  readonly selected: readonly PendingMigration[]
}

async function judgeSteps(
  settings: GuardSettings,
  found: Survey,
  { earlier, selected }: JudgedSteps,
  signal: AbortSignal | undefined,
): Promise<CheckReport> {
  const narrows = new Set(
    found.pending.filter(({ phase }) => isNarrowing(phase)).map(({ pending }) => pending),
  )
  const all = [...earlier, ...selected]
  const narrowing = all.filter((one) => narrows.has(one))
  const widening = all.filter((one) => !narrows.has(one))
  const oracle = selected.length > 0 ? settings.oracle : undefined
  const report = await judgeFilled(
    (filling) => {
      const { migrations, ...check } = checkOf(settings, found, all)
      return settings.judge({
        ...check,
        migrations: migrations.toSpliced(widening.length, 0, ...filling),
        ...(oracle ? { oracle } : {}),
        ...(signal ? { signal } : {}),
      })
    },
    oracle ? settings.backfills : [],
    narrowing,
  )
  return only(report, selected, new Set(widening.map(idOf)))
}

function idOf({ stepped }: PendingMigration): string {
  return stepped.migration.id
}

/** What is said about these, and about an earlier one where that leaves them unproved. */
function only(
  report: CheckReport,
  selected: readonly PendingMigration[],
  widening: ReadonlySet<string>,
): CheckReport {
  const ids = new Set(selected.map(idOf))
  // What did not run in the first place may need what is still to be added.
  const mayCome = ({ rule, migration }: Finding): boolean =>
    rule === 'broken-before' && widening.has(migration)
  const findings = report.findings.filter(
    (one) => ids.has(one.migration) || (one.error && one.verdict !== 'safe' && !mayCome(one)),
  )
  const migrations = report.migrations.filter(({ id }) => ids.has(id))
  const { pointOfNoReturn: end } = report
  return {
    verdict: worst(findings),
    findings,
    migrations,
    ...(end && ids.has(end.migration) ? { pointOfNoReturn: end } : {}),
  }
}

/** A batch is bounded by its keys, which reading does not see: that is what the guard itself sees to. */
const BOUNDED_BY_GUARD: ReadonlySet<string> = new Set(['unbatched-backfill'])

async function judgeBatches(
  settings: GuardSettings,
  found: Survey,
  backfills: readonly Backfill[],
): Promise<CheckReport | undefined> {
  if (backfills.length === 0) return undefined
  const { migrations: _, ...check } = checkOf(settings, found, [])
  const migrations = backfills.map(({ id, batch }) => ({
    id: `backfill ${id}`,
    file: `backfill ${id}`,
    sql: batch,
  }))
  const report = await settings.judge({ ...check, migrations })
  const findings = report.findings.filter(({ rule }) => !BOUNDED_BY_GUARD.has(rule))
  return { ...report, verdict: worst(findings), findings }
}

function join(report: CheckReport, more: CheckReport | undefined): CheckReport {
  if (!more) return report
  return {
    ...report,
    verdict: worseVerdict(report.verdict, more.verdict),
    findings: [...report.findings, ...more.findings],
    migrations: [...report.migrations, ...more.migrations],
  }
}

/** A refusal, with the report that it rests on. */
export type GuardRefusal = MigrationError & { readonly report: CheckReport }

/** Whether it is the refusal of a phase. */
export function isGuardRefusal(error: unknown): error is GuardRefusal {
  return error instanceof MigrationError && error.code === 'CHANGEOVER_MIGRATIONS_GUARD_REFUSED'
}

/** @throws GuardRefusal `CHANGEOVER_MIGRATIONS_GUARD_REFUSED` for anything but `safe` */
export function refuseUnsafe(phase: Phase, report: CheckReport): void {
  if (report.verdict === 'safe') return
  const findings = findingLines(report).join('\n')
  const error = refuse('CHANGEOVER_MIGRATIONS_GUARD_REFUSED', {
    phase,
    verdict: report.verdict,
    findings,
  })
  throw Object.assign(error, { report })
}

/** One line for each finding that counts. */
export function findingLines({ findings }: CheckReport): string[] {
  return findings.filter(({ verdict, ignored }) => verdict !== 'safe' && !ignored).map(findingLine)
}

function findingLine({ file, line, column, rule, message, release, query }: Finding): string {
  const whose = release !== undefined && !message.includes(release) ? ` Release: ${release}.` : ''
  const what = query !== undefined && !message.includes(query) ? ` Query: ${query}` : ''
  return `${file}:${line}:${column} ${rule}: ${message}${whose}${what}`
}
