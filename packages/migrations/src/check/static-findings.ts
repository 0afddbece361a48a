import type { Finding } from '../finding.ts'
import type { Effect } from '../rules/effect.ts'
import { effectFinding } from './effect-finding.ts'
import { concernsQueries, touchedBy } from './live-needs.ts'
import type { ReleaseUse, Touched } from './live-needs.ts'
import type { MigrationEffects, StatementEffects } from './migration-effects.ts'

/**
 * What reading alone finds in a migration. Pure.
 *
 * @param releases what the live releases use; undefined where nobody said who is live, so that everything may be in use
 */
export function staticFindings(
  read: MigrationEffects,
  releases: readonly ReleaseUse[] | undefined,
): Finding[] {
  return read.statements.flatMap((statement) =>
    statement.effects.flatMap((effect) => effectFindings(read, statement, effect, releases)),
  )
}

/** The findings of one effect: one for each release that it touches, where releases are known. */
export function effectFindings(
  { migration }: MigrationEffects,
  statement: StatementEffects,
  effect: Effect,
  releases: readonly ReleaseUse[] | undefined,
): Finding[] {
  const finding = effectFinding(migration, statement, effect)
  if (!releases || !isAboutQueries(effect)) return isWorthSaying(effect) ? [finding] : []
  const touched =
    concernsQueries(effect) || effect.adds ? touchedBy(effect, releases) : unknowing(releases)
  const told = touched.map((one) => ({ ...finding, ...touchedDetails(effect, one) }))
  return [...told, ...withoutQueries(finding, touched)]
}

/** What harms nobody under any condition is no finding. */
function isWorthSaying(effect: Effect): boolean {
  return effect.verdict !== 'safe' || concernsQueries(effect)
}

function isAboutQueries(effect: Effect): boolean {
  if (effect.refused) return false
  return (
    concernsQueries(effect) ||
    effect.adds !== undefined ||
    (effect.classes.includes('compat') && effect.verdict !== 'unknown')
  )
}

/** It takes something away, and what that is, no query can be asked. */
function unknowing(releases: readonly ReleaseUse[]): Touched[] {
  return releases.flatMap(({ release, queries }) =>
    queries?.length === 0 ? [] : [{ release, query: undefined, certain: false }],
  )
}

/** A query that uses what goes away breaks for certain; one that meets a narrower rule may; of others nobody knows. */
function touchedDetails(
  { classes }: Effect,
  { release, query, certain }: Touched,
): Partial<Finding> {
  const about = classes.includes('compat') ? classes : [...classes, 'compat' as const]
  const verdict = certain ? 'unsafe' : 'unknown'
  return { verdict, classes: about, release, ...(query ? { query: query.sql } : {}) }
}

/** What is left of a finding once no release is touched: the lock, or the data. */
function withoutQueries(finding: Finding, touched: readonly Touched[]): Finding[] {
  const classes = finding.classes.filter((one) => one !== 'compat')
  if (touched.length > 0 || classes.length === 0) return []
  return [{ ...finding, classes }]
}
