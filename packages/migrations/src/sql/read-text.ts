import { readDraft } from './do-block.ts'
import { trimmed } from './draft.ts'
import type { DraftParts, DraftScript } from './draft.ts'
import { parseSql, readsClientData } from './parser.ts'
import type { ParsedStatement } from './parser.ts'
import { readPieces } from './read-pieces.ts'
import type { SourceText } from './source-text.ts'
import { BREAKPOINT, DIRECTIVE_MARKER } from './splitter.ts'
import type { Unreadable } from './statement.ts'

/** Files up to this many characters are given to the parser as one. */
const WHOLE_UP_TO = 65_536

/** What only the reading of pieces understands. */
const PIECEWISE = [DIRECTIVE_MARKER, BREAKPOINT, '\uFEFF']

/** Reads a text, in one go where nothing about it is out of the ordinary. */
export function readText(source: SourceText): DraftScript {
  const nul = source.text.indexOf('\0')
  if (nul >= 0) return withNul(source, nul)
  return readWhole(source) ?? readPieces(source)
}

/** The server and its clients take a NUL for the end: nobody can say what of the file would run. */
function withNul({ text, placeAt }: SourceText, at: number): DraftScript {
  const lineStart = text.lastIndexOf('\n', at) + 1
  const problem = 'a NUL character ends the text for the server; what comes behind it would not run'
  const statement = text.slice(lineStart, at)
  return {
    drafts: [],
    directives: [],
    unreadable: [{ rule: 'nul-byte', place: placeAt(at), problem, statement }],
  }
}

/** Undefined where the text has to be read piece by piece. */
export function readWhole(source: SourceText): DraftScript | undefined {
  const { text } = source
  if (text.length > WHOLE_UP_TO || PIECEWISE.some((mark) => text.includes(mark))) return undefined
  const parsed = parseSql(text)
  if ('problem' in parsed || parsed.some(({ node }) => readsClientData(node))) return undefined
  const unreadable: Unreadable[] = []
  const drafts = partsOf(source, parsed).flatMap((parts) => readDraft(parts, unreadable) ?? [])
  drafts.forEach((draft, index) => (draft.index = index))
  return { drafts, directives: [], unreadable }
}

function partsOf({ text, placeAt }: SourceText, parsed: readonly ParsedStatement[]): DraftParts[] {
  const toUnits = unitCounter(text)
  return parsed.map((statement, index) => {
    const start = toUnits(statement.start)
    const end =
      statement.length === undefined ? text.length : toUnits(statement.start + statement.length)
    return {
      index,
      sql: trimmed(text.slice(start, end)),
      parsed: statement,
      byteStart: statement.start,
      placeAt: (offset) => placeAt(start + offset),
    }
  })
}

/** Turns ascending offsets in bytes into UTF-16 code units, each stretch of the text once. */
function unitCounter(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => byte
  const bytes = Buffer.from(text)
  let done = { bytes: 0, units: 0 }
  return (byte) => {
    const units = done.units + bytes.toString('utf8', done.bytes, byte).length
    done = { bytes: byte, units }
    return units
  }
}
