import type { Finding } from '../finding.ts'
import type { CheckReport } from '../report.ts'
import { noReturnText } from './format-report.ts'
import { fullMessage, markOf, MARKS, portablePath } from './shown.ts'
import type { Mark } from './shown.ts'

/** What is not known is refused as well, so it fails the run as loudly. */
const COMMANDS = { unsafe: 'error', unknown: 'error', note: 'notice' } as const

/**
 * A report as workflow commands of GitHub Actions: printed by a step, they mark the lines of the pull request. The worst
 * come first, since GitHub shows ten of each kind. Ignored findings are left out. Pure.
 *
 * @example
 * ```ts
 * if (process.env['GITHUB_ACTIONS']) process.stdout.write(reportToGithub(report))
 * ```
 */
export function reportToGithub({ findings, pointOfNoReturn }: CheckReport): string {
  const shown = findings.toSorted((one, other) => rank(one) - rank(other)).flatMap(annotation)
  const last = pointOfNoReturn
    ? [
        command(
          'notice',
          { ...pointOfNoReturn, title: 'Point of no return' },
          noReturnText(pointOfNoReturn),
        ),
      ]
    : []
  return [...shown, ...last].map((line) => `${line}\n`).join('')
}

function rank(finding: Finding): number {
  return MARKS.indexOf(markOf(finding))
}

function annotation(finding: Finding): string[] {
  const mark: Mark = markOf(finding)
  if (mark === 'ignored') return []
  const { file, line, column, rule } = finding
  const title = mark === 'unknown' ? `${rule} (not known to be safe)` : rule
  return [command(COMMANDS[mark], { file, line, column, title }, fullMessage(finding))]
}

interface Properties {
  readonly file: string
  readonly line: number
  readonly column?: number
  readonly title: string
}

function command(name: string, { file, line, column, title }: Properties, message: string): string {
  const col = column === undefined ? '' : `,col=${column}`
  const place = `file=${property(portablePath(file))},line=${line}${col}`
  return `::${name} ${place},title=${property(title)}::${data(message)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
