import type { ParsedStatement } from './parser.ts'
import { unitsOfBytes } from './source-text.ts'
import type { Directive, Place, Statement, Unreadable } from './statement.ts'

/** A statement while it is being read: transactions are only known once all are. */
export type Draft = {
  -readonly [Key in Exclude<keyof Statement, Later>]: Statement[Key]
} & {
  inner: readonly Draft[]
  repeated?: boolean
  misplaced?: boolean
}

type Later = 'inner' | 'repeated' | 'misplaced'

/** What was read of one file, before transactions. */
export interface DraftScript {
  readonly drafts: readonly Draft[]
  readonly directives: readonly Directive[]
  readonly unreadable: readonly Unreadable[]
}

/** What a draft is made of. */
export interface DraftParts {
  readonly index: number
  readonly sql: string
  readonly parsed: Pick<ParsedStatement, 'node' | 'kind'>
  /** Where `sql` begins in the text that was given to the parser, in bytes. */
  readonly byteStart: number
  /** The place of an offset in `sql`, in UTF-16 code units. */
  readonly placeAt: (offset: number) => Place
}

/** A statement whose places are only worked out when they are asked for. */
export function createDraft({ index, sql, parsed, byteStart, placeAt }: DraftParts): Draft {
  return {
    index,
    sql,
    kind: parsed.kind,
    node: parsed.node,
    get place() {
      return placeAt(0)
    },
    placeOf: (location) =>
      placeAt(location === undefined ? 0 : unitsOfBytes(sql, location - byteStart)),
    transaction: undefined,
    rolledBack: false,
    inner: [],
    dynamic: false,
  }
}

/** Without the blanks at its end, as the server counts blanks. */
export function trimmed(sql: string): string {
  let end = sql.length
  while (end > 0 && ' \t\n\r\f\v'.includes(sql.charAt(end - 1))) end -= 1
  return sql.slice(0, end)
}
