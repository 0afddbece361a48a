import type { LoadReport } from './load-report.ts'
import { requestId } from './load-schedule.ts'

/** What the server did with the requests of a run, compared with what the client was told. */
export interface ExecutionAudit {
  /** Different requests of the run that were executed. */
  readonly executed: number
  /** Ids executed more than once: somebody retried a request on its way. */
  readonly twice: readonly string[]
  /** Ids answered as done but never executed: the effect is lost, or the answer was made up. */
  readonly lost: readonly string[]
  /** Ids executed though the client saw no right answer; a user would do these again. */
  readonly unconfirmed: readonly string[]
}

/**
 * Compares the ids that a server executed with a report of the load that sent them. Ids of other
 * runs are left out.
 * @param report - the final report; in a snapshot, open requests count as unanswered
 * @param executions - the `x-request-id` of every execution, repetitions included
 * @example
 * const audit = auditExecutions(await load.finished, idsInTheDatabase)
 * expect(audit).toMatchObject({ twice: [], lost: [] })
 */
export function auditExecutions(report: LoadReport, executions: Iterable<string>): ExecutionAudit {
  const times = countExecutions(report, executions)
  const unanswered = new Set(report.unanswered)
  const id = (n: number): string => requestId(report.runId, n)
  const executed = [...times.keys()]
  const all = Array.from({ length: report.sent }, (_, n) => n)
  return {
    executed: executed.length,
    twice: executed.filter((n) => (times.get(n) ?? 0) > 1).map(id),
    lost: all.filter((n) => !times.has(n) && !unanswered.has(n)).map(id),
    unconfirmed: executed.filter((n) => unanswered.has(n)).map(id),
  }
}

function countExecutions(report: LoadReport, executions: Iterable<string>): Map<number, number> {
  const prefix = `${report.runId}-`
  const times = new Map<number, number>()
  for (const id of executions) {
    if (!id.startsWith(prefix)) continue
    const n = Number(id.slice(prefix.length))
    times.set(n, (times.get(n) ?? 0) + 1)
  }
  return times
}
