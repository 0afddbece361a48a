import { PHASES } from '../phase.ts'
import type { SourceText } from './source-text.ts'
import { DIRECTIVE_MARKER } from './splitter.ts'
import type { Comment } from './splitter.ts'
import type { Directive, Place, Unreadable } from './statement.ts'

/** What a comment says, and what is wrong with it. */
interface Read {
  readonly directives: Directive[]
  readonly unreadable: Unreadable[]
}

/** Which statement a comment stands before: the first of the file, one by its index, one that could not be read, or none. */
export type Target = 'file' | number | 'unread' | 'nothing'

const LINE = new RegExp(String.raw`^[\s*-]*${DIRECTIVE_MARKER}(.*?)(?:\*\/)?\s*$`)

/**
 * The directives of a comment. Only a line that begins with the marker is one; prose that mentions it is not.
 */
export function directivesOf(comment: Comment, target: Target, source: SourceText): Read {
  const read: Read = { directives: [], unreadable: [] }
  const body = comment.text.replace(/^\/\*/, '  ')
  let start = comment.start
  for (const line of body.split('\n')) {
    const text = LINE.exec(line)?.[1]
    if (text !== undefined) {
      const place = source.placeAt(start + line.indexOf(DIRECTIVE_MARKER))
      const found = understand(text.trim(), place, target, isTrailing(comment, source))
      if (typeof found === 'string') read.unreadable.push(invalid(found, place, line.trim()))
      else read.directives.push(found)
    }
    start += line.length + 1
  }
  return read
}

function invalid(problem: string, place: Place, statement: string): Unreadable {
  return { rule: 'directive-invalid', place, problem, statement }
}

/** Behind the semicolon of a statement in the same line: nobody can tell which one it is meant for. */
function isTrailing({ start, inside }: Comment, { text }: SourceText): boolean {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  return !inside && /\S/.test(line.replaceAll(/\/\*.*?\*\//g, ''))
}

/** The directive, or what is wrong with it. */
function understand(
  text: string,
  place: Place,
  target: Target,
  trailing: boolean,
): Directive | string {
  const [verb = '', ...rest] = text.split(/\s+/)
  if (verb === 'phase') return phase(rest, place)
  if (verb === 'ignore') return ignore(text, place, target, trailing)
  return `'${verb}' is no directive; write 'changeover: phase <phase>' or 'changeover: ignore <rule> until <version or date> because <reason>'`
}

function phase([name = '', ...more]: readonly string[], place: Place): Directive | string {
  if (PHASES.some((known) => known === name) && more.length === 0)
    return { says: 'phase', phase: name, place }
  return `'${[name, ...more].join(' ')}' is no phase; write one of ${PHASES.join(', ')}`
}

function ignore(text: string, place: Place, target: Target, trailing: boolean): Directive | string {
  const [, rule = '', tail = ''] = /^ignore(?:\s+([a-z][a-z0-9-]*))?(?:\s+|$)(.*)$/.exec(text) ?? []
  const [, until = ''] = /(?:^|\s)until\s+(\S+)/.exec(tail) ?? []
  const [, reason = ''] = /(?:^|\s)because\s+(.*\S)/.exec(tail) ?? []
  const missing = missingParts(rule, until, reason)
  if (missing.length > 0) return `it lacks ${missing.join(' and ')}`
  if (!/^until\s+\S+\s+because\s/.test(tail)) {
    return "the order is 'ignore <rule> until <version or date> because <reason>'"
  }
  const wrongDate = wrongUntil(until)
  if (wrongDate !== undefined) return wrongDate
  if (target === 'nothing') return 'no statement follows that it could stand before'
  if (trailing)
    return 'it stands behind a statement; put it on a line of its own before the statement'
  return { says: 'ignore', rule, until, reason, place, statement: indexOf(target) }
}

/** No statement has the index -1: what is meant for one that cannot be read covers nothing else. */
function indexOf(target: Exclude<Target, 'nothing'>): number | undefined {
  if (target === 'file') return undefined
  return target === 'unread' ? -1 : target
}

function missingParts(rule: string, until: string, reason: string): readonly string[] {
  const missing: string[] = []
  if (rule === '' || rule === 'until' || rule === 'because') missing.push('the rule to ignore')
  if (until === '' || until === 'because') missing.push("'until <version or date>'")
  if (reason === '') missing.push("'because <reason>'")
  return missing
}

function wrongUntil(until: string): string | undefined {
  if (!/\d/.test(until)) return `'${until}' is neither a version nor a date such as 2027-01-31`
  if (!/^\d{4}-\d\d-\d\d$/.test(until)) return undefined
  const date = new Date(`${until}T00:00:00Z`)
  const isReal = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(until)
  return isReal ? undefined : `'${until}' is no day of the calendar`
}
