import { FIELD_TEXT, isAll, TOKEN } from './characters.ts'

const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09

/**
 * Reads the header lines of `text` from `from` up to `end`, where the last of them has ended with CR LF, as name,
 * value, name, value. Strict: a name, a colon, a value with blanks before and spaces behind it that do not count, CR LF.
 *
 * @returns undefined where a line is anything else
 */
export function readFields(text: string, from: number, end: number): string[] | undefined {
  const fields: string[] = []
  let at = from
  while (at < end) {
    const colon = endOfName(text, at)
    const close = text.indexOf('\r\n', colon)
    if (colon === at || text.charCodeAt(colon) !== COLON || close < 0 || close >= end)
      return undefined
    const start = skipBlanks(text, colon + 1, close)
    const stop = skipSpacesBack(text, start, close)
    // Node takes a tab behind some values for a part of them, and behind others not.
    if (stop > start && text.charCodeAt(stop - 1) === TAB) return undefined
    if (!isAll(FIELD_TEXT, text, start, stop)) return undefined
    fields.push(text.slice(at, colon), text.slice(start, stop))
    at = close + 2
  }
  return fields
}

/** Fields as text, in their order, each line ended. */
export function fieldText(fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2)
    text += `${fields[i] ?? ''}: ${fields[i + 1] ?? ''}\r\n`
  return text
}

function endOfName(text: string, from: number): number {
  let at = from
  while (TOKEN[text.charCodeAt(at)] === 1) at += 1
  return at
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isBlank(text.charCodeAt(at))) at += 1
  return at
}

function skipSpacesBack(text: string, from: number, to: number): number {
  let at = to
  while (at > from && text.charCodeAt(at - 1) === SPACE) at -= 1
  return at
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
