import type { Finding } from '../finding.ts'
import type { PointOfNoReturn } from '../report.ts'

/**
 * The first step after which a release no longer runs: the one to go back to, or any where none is named. Ignored findings
 * count: they are accepted, not undone.
 */
export function pointOfNoReturn(
  findings: readonly Finding[],
  rollbackTarget: string | undefined,
): PointOfNoReturn | undefined {
  const breaking = findings.filter((one) => breaks(one) && concerns(one, rollbackTarget))
  const first = breaking[0]
  if (!first) return undefined
  const { migration, file, line } = first
  const there = breaking.filter((one) => one.migration === migration && one.line === line)
  const releases = [
    ...new Set(there.flatMap(({ release }) => (release === undefined ? [] : [release]))),
  ]
  return { migration, file, line, releases }
}

function concerns({ release }: Finding, rollbackTarget: string | undefined): boolean {
  return rollbackTarget === undefined || release === rollbackTarget
}

/** A statement that was prepared before fails, and works again as soon as it is prepared anew. */
const CACHED_PLAN = '0A000'

function breaks({ classes, verdict, phase, release, error }: Finding): boolean {
  if (verdict !== 'unsafe' || !classes.includes('compat') || error?.code === CACHED_PLAN)
    return false
  const seen = release !== undefined && error !== undefined
  return seen || phase === 'contract' || phase === 'tighten'
}
