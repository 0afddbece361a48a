import { refuse } from '../migration-error.ts'
import type { Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import type { Section } from './sections.ts'

/** A migration with what its tool knows it by. */
export interface Draft {
  readonly migration: Migration
  /** Undefined where its name is all there is. */
  readonly version: string | undefined
}

/** What a tool takes of a file. */
export type Taken = Omit<Migration, 'id' | 'file'>

/** Of a part of a file, which may say that it wants no transaction. */
export function part({ sql, firstLine }: Section, none: boolean): Taken {
  return { sql, firstLine, ...withoutTransaction(none) }
}

/** What a file says, or nothing. */
export function withoutTransaction(none: boolean): Pick<Migration, 'transaction'> {
  return none ? { transaction: 'none' } : {}
}

/** The error (not thrown) of a file that would be read wrongly. */
export function unreadable({ path }: Folder, name: string, problem: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE', { file: `${path}/${name}`, problem })
}
