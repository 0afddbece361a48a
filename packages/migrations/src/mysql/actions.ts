import type { ColumnDefinition } from './column-definition.ts'

/** How much of the table an ALTER TABLE works through, and who waits: from COPY and `shared` on, writers do. */
export type Work = 'instant' | 'online' | 'shared' | 'copy'

/** An index or key as it is declared. */
export interface IndexDefinition {
  readonly name: string | undefined
  readonly kind: 'plain' | 'unique' | 'fulltext' | 'spatial' | 'primary'
  /** Columns of the key; empty parts are expressions. */
  readonly columns: readonly string[]
}

/** A member of the union for each of the words. */
type Doing<Does extends string, More> = Does extends string ? { readonly does: Does } & More : never

/** One part of an ALTER TABLE; CREATE INDEX, DROP INDEX and RENAME TABLE are the same by another name. */
export type Action =
  | { readonly does: 'add-column'; readonly column: ColumnDefinition }
  | { readonly does: 'drop-column'; readonly column: string }
  | { readonly does: 'change-column'; readonly from: string; readonly column: ColumnDefinition }
  | { readonly does: 'rename-column'; readonly from: string; readonly to: string }
  | Doing<'set-default' | 'drop-default', { readonly column: string }>
  | { readonly does: 'add-index'; readonly index: IndexDefinition }
  | Doing<
      'drop-index' | 'drop-constraint' | 'drop-foreign-key' | 'drop-check',
      { readonly name: string }
    >
  | { readonly does: 'rename-index'; readonly from: string; readonly to: string }
  | { readonly does: 'drop-primary-key' }
  | { readonly does: 'add-foreign-key'; readonly columns: readonly string[] }
  | { readonly does: 'add-check' }
  | { readonly does: 'rename-table'; readonly to: string }
  | { readonly does: 'convert-charset' }
  | { readonly does: 'partition'; readonly how: 'add' | 'drop' | 'truncate' | 'rework' }
  /** A table option; `rebuild` says whether it works through the table. */
  | { readonly does: 'option'; readonly name: string; readonly value: string }
  | { readonly does: 'harmless'; readonly what: string }
  | Doing<'algorithm' | 'lock', { readonly value: string }>

/** What a statement is, as far as its effects need it. */
export type MysqlStatement =
  | { readonly is: 'alter-table'; readonly table: string; readonly actions: readonly Action[] }
  | {
      readonly is: 'create-table'
      readonly table: string
      readonly temporary: boolean
      readonly columns: readonly ColumnDefinition[]
      readonly indexes: readonly IndexDefinition[]
      readonly charset: string | undefined
      /** Tables whose rows it copies. */
      readonly copies: readonly string[]
      /** False where not all of its columns could be read. */
      readonly known: boolean
    }
  | { readonly is: 'drop-table'; readonly tables: readonly string[] }
  | { readonly is: 'drop'; readonly kind: string; readonly name: string }
  | {
      readonly is: 'create'
      readonly kind: string
      readonly name: string
      readonly replaces: boolean
    }
  | {
      readonly is: 'rename-tables'
      readonly pairs: readonly { readonly from: string; readonly to: string }[]
    }
  | { readonly is: 'truncate'; readonly table: string }
  | { readonly is: 'write'; readonly table: string; readonly bounded: boolean }
  | { readonly is: 'lock-tables' }
  | { readonly is: 'foreign-key-checks'; readonly on: boolean }
  | { readonly is: 'control'; readonly control: 'begin' | 'commit' | 'rollback' }
  | { readonly is: 'plain'; readonly what: string }
  | { readonly is: 'dynamic' }
  | { readonly is: 'unread' }
