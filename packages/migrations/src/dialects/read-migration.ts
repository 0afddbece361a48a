import type { Migration } from '../migration.ts'
import { directivesOf } from '../sql/directives.ts'
import type { Target } from '../sql/directives.ts'
import { sourceText } from '../sql/source-text.ts'
import type { SourceText } from '../sql/source-text.ts'
import { DIRECTIVE_MARKER } from '../sql/splitter.ts'
import type { Comment } from '../sql/splitter.ts'
import type { Directive, Place, Unreadable } from '../sql/statement.ts'
import { piecesOf } from './pieces.ts'
import type { Piece } from './pieces.ts'
import type { Lexis, Token } from './tokens.ts'

/** A statement of a dialect whose grammar is not at hand. */
export interface ReadStatement {
  /** As written, from its first word to its last sign. */
  readonly sql: string
  readonly place: Place
  readonly tokens: readonly Token[]
}

/** A migration cut into statements, with what its comments say. */
export interface ReadMigration {
  readonly migration: Migration
  readonly statements: readonly ReadStatement[]
  readonly directives: readonly Directive[]
  readonly unreadable: readonly Unreadable[]
}

/** Cuts a migration into its statements. What cannot be cut is named, and nothing behind it is read. */
export function readMigration(migration: Migration, lexis: Lexis): ReadMigration {
  const source = sourceText(migration.sql, migration.firstLine ?? 1)
  const nul = source.text.indexOf('\0')
  if (nul >= 0) return { ...nothing(migration), unreadable: [nulByte(source, nul)] }
  const pieces = piecesOf(source.text, lexis)
  const filled = pieces.filter(({ tokens }) => tokens.length > 0)
  const read = pieces.map((piece) => said(piece, filled, source))
  return {
    migration,
    statements: filled.filter(({ broken }) => !broken).map((piece) => statement(piece, source)),
    directives: read.flatMap(({ directives }) => directives),
    unreadable: [...read.flatMap(({ unreadable }) => unreadable), ...broken(pieces, source)],
  }
}

function nothing(migration: Migration): ReadMigration {
  return { migration, statements: [], directives: [], unreadable: [] }
}

function nulByte(source: SourceText, at: number): Unreadable {
  const problem = 'the server may read on behind it, or stop there'
  return { rule: 'nul-byte', place: source.placeAt(at), problem, statement: '' }
}

function statement({ tokens }: Piece, { text, placeAt }: SourceText): ReadStatement {
  const start = tokens[0]?.start ?? 0
  return { sql: text.slice(start, tokens.at(-1)?.end ?? start), place: placeAt(start), tokens }
}

function broken(pieces: readonly Piece[], { text, placeAt }: SourceText): Unreadable[] {
  return pieces.flatMap(({ broken: what, tokens }): Unreadable[] => {
    if (!what) return []
    const written = text.slice(tokens[0]?.start ?? what.at).slice(0, 500)
    const { problem, at } = what
    return [{ rule: 'syntax-error', place: placeAt(at), problem, statement: written }]
  })
}

function said(
  piece: Piece,
  filled: readonly Piece[],
  source: SourceText,
): { readonly directives: Directive[]; readonly unreadable: Unreadable[] } {
  const index = filled.indexOf(piece)
  const read = piece.comments
    .filter(({ text }) => text.includes(DIRECTIVE_MARKER))
    .map((comment) => directivesOf(comment, target(comment, index), source))
  return {
    directives: read.flatMap(({ directives }) => directives),
    unreadable: read.flatMap(({ unreadable }) => unreadable),
  }
}

function target({ inside }: Comment, index: number): Target {
  if (index < 0) return 'nothing'
  return index === 0 && !inside ? 'file' : index
}
