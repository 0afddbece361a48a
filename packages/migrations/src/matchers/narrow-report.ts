import { worst } from '../check/judge.ts'
import type { Finding } from '../finding.ts'
import { laterPhase } from '../phase.ts'
import type { Phase } from '../phase.ts'
import type { CheckedMigration, CheckReport } from '../report.ts'
import { READING_TEXTS } from '../rules/reading-texts.ts'

/** The report as if only some of its findings had been made. Pure, like all here. */
export function narrowReport(
  { migrations, findings }: CheckReport,
  keep: (finding: Finding) => boolean,
): CheckReport {
  const kept = findings.filter(keep)
  return { verdict: worst(kept), migrations, findings: kept }
}

/** Locks, and all for which nobody knows whether they are held while the server works. */
export function concernsLocks({ classes, rule }: Finding): boolean {
  return classes.includes('lock') || rule === 'server-refuses' || isUnjudged({ classes, rule })
}

/** What queries lose, and all that leaves that open. */
export function concernsQueries({ classes, rule, release }: Finding): boolean {
  const anyone = classes.includes('compat') || release !== undefined
  return anyone || rule === 'server-refuses' || isUnjudged({ classes, rule })
}

/** Nothing is known of what the step does, so every question about it is open. */
function isUnjudged({ classes, rule }: Pick<Finding, 'classes' | 'rule'>): boolean {
  return classes.length === 0 || UNREAD.has(rule)
}

/** The phase that a guard would run it in; what is declared too early does not count. */
export function phaseOf({ declared, phase }: CheckedMigration): Phase {
  return laterPhase(declared ?? phase, phase)
}

/** Where a part of a migration was not read, nobody knows its phase. */
export function leavesPhaseOpen({ rule, ignored }: Finding): boolean {
  return !ignored && UNREAD.has(rule)
}

const UNREAD: ReadonlySet<string> = new Set([...Object.keys(READING_TEXTS), 'opaque-dynamic-sql'])
