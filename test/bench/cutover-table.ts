import type { CutoverReport, LoadClass, WireOutcome } from '@changeover/testing'

const HEAD = [
  'way',
  'connections',
  'requests',
  'errors',
  'per 100,000',
  'apply p50 ms',
  'converge p50 / max ms',
  'followed p50 / max ms',
  'old after apply',
  'old after converge',
]

/** What became of one contender; undefined where its program is not there. */
export interface CutoverRow {
  readonly name: string
  readonly report: CutoverReport | undefined
  /** Whether anybody says when it has converged: after a command by hand nobody knows. */
  readonly converges: boolean
}

/** The reports as a table in Markdown, with a line for the connections that are used again, and one for new ones. */
export function cutoverTable(rows: readonly CutoverRow[]): string {
  const cells = rows.flatMap(({ name, report, converges }) =>
    report
      ? (['keep-alive', 'fresh'] as const).map((of) => row(name, { report, converges }, of))
      : [[name]],
  )
  const lines = [HEAD, HEAD.map(() => '---'), ...cells]
  return `\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
}

function row(
  name: string,
  { report, converges }: { readonly report: CutoverReport; readonly converges: boolean },
  of: LoadClass,
): string[] {
  const { ok, ...failures } = report.outcomes[of]
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  const sent = ok + failed
  const { applyMs, convergeMs, followedMs, oldAfterApply, late } = report
  const whole = [
    ms(applyMs.p50),
    converges ? `${ms(convergeMs.p50)} / ${ms(convergeMs.max)}` : '–',
    `${ms(followedMs.p50)} / ${ms(followedMs.max)}`,
    String(oldAfterApply),
    converges ? String(late) : '–',
  ]
  const per = sent === 0 ? '0' : String(Math.round((failed * 100_000) / sent))
  return [name, of, String(sent), errors(failures), per, ...(of === 'fresh' ? [] : whole)]
}

function errors(failures: Readonly<Partial<Record<WireOutcome, number>>>): string {
  const seen = Object.entries(failures).filter(([, count]) => count > 0)
  return seen.map(([name, count]) => `${count} ${name}`).join(', ') || '0'
}

function ms(value: number): string {
  return value.toFixed(1)
}
