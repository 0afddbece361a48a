/** A part of a file. */
export interface Section {
  readonly sql: string
  /** Line of the file on which it begins, from 1. */
  readonly firstLine: number
  /** The line that opens it. */
  readonly marker: string
}

/** What opens the part that goes up, and what ends it. Both match from the beginning of a line. */
export interface Markers {
  readonly up: RegExp
  readonly down: RegExp
}

export const DBMATE: Markers = {
  up: /^\uFEFF?--[ \t]*migrate:up(?![\w-])/m,
  down: /^--[ \t]*migrate:down(?![\w-])/m,
}
export const GOOSE: Markers = {
  up: /^\uFEFF?--[ \t]*\+goose[ \t]+up\b/im,
  down: /^--[ \t]*\+goose[ \t]+down\b/im,
}
export const NODE_PG_MIGRATE: Markers = {
  up: /^\uFEFF?[ \t]*--[ \t-]*up[ \t]+migration/im,
  down: /^[ \t]*--[ \t-]*down[ \t]+migration/im,
}

/** The part between the marker of what goes up and the next one of what goes down. */
export function upSection(text: string, { up, down }: Markers): Section | undefined {
  const found = up.exec(text)
  if (!found) return undefined
  const end = lineEnd(text, found.index)
  const length = text.slice(end).search(down)
  const sql = length < 0 ? text.slice(end) : text.slice(end, end + length)
  return { sql, firstLine: lineAt(text, end), marker: text.slice(found.index, end).trim() }
}

/** What follows the lines in front that begin with `--!`, and these lines. */
export function afterHeader(text: string): Section {
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let end = at
  while (text.startsWith('--!', at) || /^[ \t]*\r?\n/.test(text.slice(at, lineEnd(text, at)))) {
    at = lineEnd(text, at)
    end = at
  }
  return { sql: text.slice(end), firstLine: lineAt(text, end), marker: text.slice(0, end) }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end + 1
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
