import type { Finding, Verdict } from '../finding.ts'
import type { CheckReport, PointOfNoReturn } from '../report.ts'
import { painter } from './paint.ts'
import type { Paint } from './paint.ts'
import { count, excerpt, hasFix, indent, markOf, MARKS, visible } from './shown.ts'

/** Options of {@link formatReport}. */
export interface FormatOptions {
  /** Colours for a terminal. @default false */
  readonly color?: boolean
}

/**
 * A report as text for people: by file, each finding with its place, what it blocks or breaks and for whom, why, and the safe
 * sequence; then what it all comes to. No newline at the end. Pure.
 *
 * @example
 * ```ts
 * const report = await checkMigrations({ schema, migrations, live })
 * console.log(formatReport(report, { color: process.stdout.isTTY }))
 * ```
 */
export function formatReport(report: CheckReport, { color = false }: FormatOptions = {}): string {
  const paint = painter(color)
  const files = [...new Set(report.findings.map(({ file }) => file))]
  const groups = files.map((file) => fileGroup(file, report, paint))
  return [...groups, summary(report, paint)].join('\n\n')
}

function fileGroup(file: string, { findings, migrations }: CheckReport, paint: Paint): string {
  const checked = migrations.find((one) => one.file === file)
  const declared = checked?.declared ? `, declared ${checked.declared}` : ''
  const phase = checked ? paint.dim(` (${checked.phase}${declared})`) : ''
  const advised = new Set<string>()
  const shown = findings
    .filter((one) => one.file === file)
    .map((one) => {
      const advice = [one.rule, one.line, one.column, one.why, one.fix].join('\n')
      const isNew = !advised.has(advice)
      advised.add(advice)
      return findingText(one, isNew, paint)
    })
  return [`${paint.strong(visible(file))}${phase}`, ...shown].join('\n')
}

function findingText(finding: Finding, withAdvice: boolean, paint: Paint): string {
  const { file, line, column, rule } = finding
  const mark = markOf(finding)
  const place = `${visible(file)}:${line}:${column}`
  const head = `  ${place}  ${paint.mark(mark, mark)}  ${paint.strong(rule)}`
  const details = [...facts(finding), ...(withAdvice ? advice(finding) : [])]
  const body = details.map(([label, text]) => detail(paint.dim(label), text))
  return [head, indent(visible(finding.message), 4), ...body].join('\n')
}

type Detail = readonly [label: string, text: string]

function facts({ statement, release, query, error, ignored }: Finding): Detail[] {
  const until = ignored && `until ${ignored.until}: ${ignored.reason}`
  const server = error && `${error.message} (${error.code})`
  return present([
    ['ignored', until],
    ['statement', excerpt(statement)],
    ['breaks', release !== undefined && `release ${release}`],
    ['query', query !== undefined && excerpt(query)],
    ['server', server],
  ])
}

/** What was accepted, and what is safe with nothing to do about it, needs no more words. */
function advice(finding: Finding): Detail[] {
  const mark = markOf(finding)
  if (mark === 'ignored') return []
  return present([
    ['why', finding.why],
    ['instead', hasFix(finding) && mark !== 'note' && finding.fix],
    ['then', hasFix(finding) && mark === 'note' && finding.fix],
  ])
}

function present(details: readonly (readonly [string, string | false | undefined])[]): Detail[] {
  return details.flatMap(([label, text]) =>
    text === undefined || text === false || text === '' ? [] : [[label, text] as const],
  )
}

/** On one line where it has one; SQL of several lines stands below its label. */
function detail(label: string, text: string): string {
  const shown = visible(text)
  const block = shown.includes('\n') || shown.startsWith('--')
  return block ? `    ${label}:\n${indent(shown, 6)}` : `    ${label}: ${shown}`
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  safe: 'safe to deploy',
  unsafe: 'not safe to deploy',
  unknown: 'not known to be safe, and refused for that',
}

function summary(report: CheckReport, paint: Paint): string {
  const { verdict, migrations, findings } = report
  const counted = MARKS.flatMap((mark) => {
    const number = findings.filter((one) => markOf(one) === mark).length
    return number === 0 ? [] : [mark === 'note' ? count(number, mark) : `${number} ${mark}`]
  })
  const found = counted.length > 0 ? counted.join(', ') : 'nothing found'
  const mark = verdict === 'safe' ? 'note' : verdict
  return [
    `${count(migrations.length, 'migration')}: ${paint.mark(mark, VERDICTS[verdict])} (${found}).`,
    ...ignoredLines(findings),
    ...(report.pointOfNoReturn ? [noReturnText(report.pointOfNoReturn)] : []),
  ].join('\n')
}

/** Each exception with its end, so that nobody forgets that there are some. */
function ignoredLines(findings: readonly Finding[]): string[] {
  const kept = findings.flatMap(({ rule, ignored }) =>
    ignored ? [`${rule} until ${ignored.until}`] : [],
  )
  const each = [...new Set(kept)].map((one) => {
    const times = kept.filter((other) => other === one).length
    return times === 1 ? one : `${one} (${times} times)`
  })
  return each.length > 0 ? [`Ignored: ${visible(each.join(', '))}.`] : []
}

/** From which step on there is no way back, in one sentence. */
export function noReturnText({ file, line, releases }: PointOfNoReturn): string {
  const who = releases.length > 0 ? releases.join(', ') : 'a release that needs what it takes'
  return visible(`Point of no return: ${file}:${line}. After it there is no way back to ${who}.`)
}
