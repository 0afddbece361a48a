import type { Finding } from '../finding.ts'

/** What a report calls a finding, the worst first. */
export type Mark = 'unsafe' | 'unknown' | 'note' | 'ignored'

export const MARKS: readonly Mark[] = ['unsafe', 'unknown', 'note', 'ignored']

/** A finding that its file accepts no longer counts, whatever it is; what is safe is a note. */
export function markOf({ ignored, verdict }: Finding): Mark {
  if (ignored) return 'ignored'
  return verdict === 'safe' ? 'note' : verdict
}

/** How a text that is not ours is shown: control and direction characters could hide a part of it, or pass for something else. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, shownAs)
}

function shownAs(character: string): string {
  if (character === '\n') return character
  if (character === '\r') return ''
  if (character === '\t') return '  '
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Each line moved to the right; empty ones stay empty. */
export function indent(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
}

const LONGEST_LINE = 200
const MOST_LINES = 6

/** The beginning of a statement that may be megabytes long. */
export function excerpt(sql: string): string {
  const lines = sql
    .trim()
    .slice(0, LONGEST_LINE * MOST_LINES)
    .split('\n')
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE))
    .join('\n')
  return shown.length < sql.trim().length ? `${shown} …` : shown
}

/** `1 note`, `2 notes`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** Where a rule has nothing to advise, its `fix` is a dash. */
export function hasFix({ fix }: Pick<Finding, 'fix'>): boolean {
  return fix !== '-' && fix !== ''
}

/** The path as a tool on another machine reads it: relative paths without `./`, slashes only. */
export function portablePath(file: string): string {
  return file.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '')
}

/** All that a finding says, for places that show nothing else of it. */
export function fullMessage(finding: Finding): string {
  const { message, release, query, why } = finding
  const isNamed = [release, query].every((one) => one === undefined || message.includes(one))
  const who = [
    `Breaks release ${release ?? 'unknown'}`,
    ...(query === undefined ? [] : [excerpt(query)]),
  ]
  const instead = hasFix(finding) ? [`Instead:\n${finding.fix}`] : []
  return [message, ...(isNamed ? [] : [who.join(': ')]), why, ...instead].join('\n\n')
}
