import type { PoolView } from '@changeover/console/api'
import { type ExecutionAudit, formatLoadReport, type LoadReport } from '@changeover/testing'

/** One act, as it ended. */
export interface Act {
  readonly name: string
  /** Exit code of its last command, or of the first that was not as expected. */
  readonly exitCode: number
  readonly expected: number
}

/** Everything that is known at the end of the story. */
export interface Ending {
  readonly acts: readonly Act[]
  readonly current: string | undefined
  /** What the router has in force. */
  readonly pools: readonly PoolView[]
  readonly report: LoadReport
  readonly audit: ExecutionAudit
}

/** Those that were to answer requests. */
const SERVED = ['1.0.0', '2.0.0', '4.0.0', '5.0.0', '6.0.0']
const LAST = '6.0.0'

/** What is not as the story promises; empty where all is well. Pure. */
export function findFaults({ acts, current, pools, report, audit }: Ending): string[] {
  const { dropped, abandoned, byRelease } = report
  const serving = pools.map(({ release, weight }) => `${release} ${weight / 100} %`).join(', ')
  const absent = SERVED.filter((release) => !byRelease[release])
  const faults: readonly (readonly [boolean, string])[] = [
    ...acts.map(({ name, exitCode, expected }) => {
      return [exitCode !== expected, `${name}: exit code ${exitCode}, not ${expected}`] as const
    }),
    [current !== LAST, `the current release is ${current ?? 'none'}, not ${LAST}`],
    [
      serving !== `${LAST} 100 %`,
      `in force at the end: ${serving || 'nothing'}, not ${LAST} alone`,
    ],
    [dropped > 0, `dropped requests; the first: ${JSON.stringify(report.failures[0])}`],
    [abandoned > 0, `abandoned requests: ${abandoned}`],
    [absent.length > 0, `answered no request: ${absent.join(', ')}`],
    [audit.twice.length > 0, `executed twice: ${audit.twice.join(', ')}`],
    [audit.lost.length > 0, `lost: ${audit.lost.join(', ')}`],
  ]
  return faults.flatMap(([is, fault]) => (is ? [fault] : []))
}

/** The last lines of the story. Pure. */
export function summarize({ report, audit }: Ending): string[] {
  const { executed, twice, lost } = audit
  return [
    `executed ${executed.toLocaleString('en-US')} · twice ${twice.length} · lost ${lost.length}`,
    formatLoadReport(report),
  ]
}
