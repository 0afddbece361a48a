import type { Stop } from './backend.ts'
import type { FrontResult, RestartsResult } from './restarts.ts'

const head = [
  'front',
  'restarts',
  'requests',
  'errors',
  'executed unanswered',
  'executed twice',
  'slowest answer',
  'exit codes',
  'SIGTERM to exit',
]

/** The result as a table in Markdown, and the first failures below it. */
export function restartTable(result: RestartsResult): string {
  const rule = head.map(() => '---')
  const rows = result.fronts.map((front) => row(front, result.stops))
  const table = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [...table, ...result.fronts.flatMap(troubles), ''].join('\n')
}

function row({ name, report, audit }: FrontResult, stops: readonly Stop[]): string[] {
  const stopMs = stops.map((stop) => stop.stopMs)
  return [
    name,
    String(stops.length),
    String(report.sent),
    errors(report.byClass),
    String(audit.unconfirmed.length),
    String(audit.twice.length),
    `${Math.round(report.latency.max)} ms`,
    counted(stops.map(({ exitCode }) => String(exitCode))),
    `${Math.round(Math.min(...stopMs))} to ${Math.round(Math.max(...stopMs))} ms`,
  ]
}

function errors(byClass: Readonly<Record<string, number>>): string {
  const seen = Object.entries(byClass).filter(([, count]) => count > 0)
  return seen.map(([name, count]) => `${name} ${count}`).join(', ') || '0'
}

function counted(values: readonly string[]): string {
  const different = [...new Set(values)]
  return different
    .map((value) => `${value} × ${values.filter((each) => each === value).length}`)
    .join(', ')
}

function troubles({ name, report, log }: FrontResult): string[] {
  if (report.dropped === 0) return []
  const failures = report.failures
    .slice(0, 20)
    .map(({ id, dueMs, reason }) => `  ${Math.round(dueMs)} ms ${id}: ${reason}`)
  return [`${name}:`, ...failures, log.slice(-4_000)]
}
