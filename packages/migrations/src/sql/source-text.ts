import type { Place } from './statement.ts'

/** The text of a migration as it is sent, and where its characters are in the file. */
export interface SourceText {
  readonly text: string
  /** The place of an offset in UTF-16 code units. */
  readonly placeAt: (offset: number) => Place
}

const MARK = '\uFEFF'

/** What is sent of a migration: without the byte order mark in front, half characters replaced as a driver does. */
export function sourceText(sql: string, firstLine: number): SourceText {
  const text = wellFormed(sql.startsWith(MARK) ? sql.slice(1) : sql)
  let lineStarts: readonly number[] | undefined
  const placeAt = (offset: number): Place => {
    lineStarts ??= startsOfLines(text)
    const line = lastAtOrBefore(lineStarts, offset)
    return { line: firstLine + line, column: offset - (lineStarts[line] ?? 0) + 1 }
  }
  return { text, placeAt }
}

/** How many UTF-16 code units the first `bytes` bytes of a text in UTF-8 are. */
export function unitsOfBytes(text: string, bytes: number): number {
  if (bytes <= 0) return 0
  return Buffer.from(text).toString('utf8', 0, bytes).length
}

/** Half a surrogate pair has no bytes; the parser would swallow the character behind it. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text).toString() : text
}

function startsOfLines(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
