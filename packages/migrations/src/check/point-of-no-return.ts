import type { Finding } from '../finding.ts'
import type { PointOfNoReturn } from '../report.ts'

/** The first step that takes from some release what it needs; ignored findings count: they are accepted, not undone. */
export function pointOfNoReturn(findings: readonly Finding[]): PointOfNoReturn | undefined {
  const breaking = findings.filter(breaks)
  const first = breaking[0]
  if (!first) return undefined
  const { migration, file, line } = first
  const there = breaking.filter((one) => one.migration === migration && one.line === line)
  const releases = [
    ...new Set(there.flatMap(({ release }) => (release === undefined ? [] : [release]))),
  ]
  return { migration, file, line, releases }
}

function breaks({ classes, verdict, phase }: Finding): boolean {
  return (
    verdict === 'unsafe' &&
    classes.includes('compat') &&
    (phase === 'contract' || phase === 'tighten')
  )
}
