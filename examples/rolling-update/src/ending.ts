import type { Pool, RolloutEnd } from '@changeover/engine'
import { type ExecutionAudit, formatLoadReport, type LoadReport } from '@changeover/testing'

/** Everything that is known at the end of the demo. */
export interface Ending {
  /** How each release fared, by its id. */
  readonly ends: Readonly<Record<'v1' | 'v2' | 'v3', RolloutEnd>>
  /** What the router has in force. */
  readonly pools: readonly Pool[]
  readonly report: LoadReport
  readonly audit: ExecutionAudit
}

/** What is not as the demo promises; empty where all is well. Pure. */
export function findFaults({ ends, pools, report, audit }: Ending): string[] {
  const { dropped, abandoned, byRelease } = report
  const serving = pools.map(({ release, weight }) => `${release} ${weight / 100} %`).join(', ')
  const faults: readonly (readonly [boolean, string])[] = [
    [ends.v1.outcome !== 'promoted', `v1: ${ends.v1.outcome}, not promoted`],
    [ends.v2.outcome !== 'promoted', `v2: ${ends.v2.outcome}, not promoted`],
    [ends.v3.outcome !== 'rolled-back', `v3: ${ends.v3.outcome}, not rolled back`],
    [serving !== 'v2 100 %', `in force at the end: ${serving || 'nothing'}, not v2 alone`],
    [dropped > 0, `dropped requests; the first: ${JSON.stringify(report.failures[0])}`],
    [abandoned > 0, `abandoned requests: ${abandoned}`],
    [!byRelease['v1'] || !byRelease['v2'], 'v1 and v2 did not both answer requests'],
    ['v3' in byRelease, 'v3 answered requests'],
    [audit.twice.length > 0, `executed twice: ${audit.twice.join(', ')}`],
    [audit.lost.length > 0, `lost: ${audit.lost.join(', ')}`],
  ]
  return faults.flatMap(([is, fault]) => (is ? [fault] : []))
}

/** The last lines of the demo. Pure. */
export function summarize({ report, audit }: Ending): string[] {
  const { executed, twice, lost } = audit
  return [
    `executed ${executed.toLocaleString('en-US')} · twice ${twice.length} · lost ${lost.length}`,
    formatLoadReport(report),
  ]
}
