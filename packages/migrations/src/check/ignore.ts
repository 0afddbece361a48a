import type { Finding } from '../finding.ts'
import type { Directive } from '../sql/statement.ts'
import type { MigrationEffects } from './migration-effects.ts'

type Ignore = Extract<Directive, { readonly says: 'ignore' }>

/** What "now" is for directives that end. */
export interface Occasion {
  /** ISO date of today. */
  readonly today: string
  /** Version of the release that is being deployed, where it is known. */
  readonly version: string | undefined
}

/** Marks the findings that a directive of their file accepts and that it still may accept. */
export function ignoreFindings(
  findings: readonly Finding[],
  read: MigrationEffects,
  occasion: Occasion,
): Finding[] {
  const ignores = read.directives.filter((one): one is Ignore => one.says === 'ignore')
  const inForce = ignores.filter((one) => !hasEnded(one.until, occasion))
  return findings.map((finding) => {
    const ignore = inForce.find((one) => covers(one, finding, read))
    return ignore
      ? { ...finding, ignored: { reason: ignore.reason, until: ignore.until } }
      : finding
  })
}

/** Directives that no longer hold: each is a finding of its own, so that nobody wonders why the old one is back. */
export function endedIgnores({ directives }: MigrationEffects, occasion: Occasion): Ignore[] {
  return directives.filter(
    (one): one is Ignore => one.says === 'ignore' && hasEnded(one.until, occasion),
  )
}

function covers(ignore: Ignore, finding: Finding, { statements }: MigrationEffects): boolean {
  if (ignore.rule !== finding.rule) return false
  if (ignore.statement === undefined) return true
  const place = statements[ignore.statement]?.place
  const next = statements[ignore.statement + 1]?.place
  if (!place) return false
  const from =
    place.line < finding.line || (place.line === finding.line && place.column <= finding.column)
  return (
    from &&
    (!next ||
      finding.line < next.line ||
      (finding.line === next.line && finding.column < next.column))
  )
}

/** Whether a date has come, or a version has been reached. A version that cannot be compared has not. */
function hasEnded(until: string, { today, version }: Occasion): boolean {
  if (/^\d{4}-\d{2}-\d{2}$/.test(until)) return today >= until
  return version !== undefined && compareVersions(version, until) >= 0
}

function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map(
    (text) => text.replace(/^v/, '').split(/[-+]/)[0]?.split('.').map(Number) ?? [],
  )
  for (let place = 0; place < 3; place += 1) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
