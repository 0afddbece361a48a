import { refuse } from '../migration-error.ts'
import { unreadable, part, withoutTransaction } from './draft.ts'
import type { Draft, Taken } from './draft.ts'
import type { Folder, SourceFile } from './folder.ts'
import { NO_TRANSACTION, SCRIPT_NAME, topLevel } from './recognise-format.ts'
import { DBMATE, GOOSE, NODE_PG_MIGRATE, upSection } from './sections.ts'
import type { Markers, Section } from './sections.ts'
import { versionOf } from './version.ts'

/** Folders whose files take back what others did. */
const BACK = /^(?:down|undo|rollback|revert)s?\//i

/** Drafts of the SQL files that lie in the folder itself, by name. */
export function flat(folder: Folder, read: (file: SourceFile) => Taken): Draft[] {
  const nested = folder.names.find((name) => /\/.*\.sql$/i.test(name) && !BACK.test(name))
  if (nested !== undefined)
    throw unreadable(
      folder,
      nested,
      'it lies in a folder of its own, which this tool does not look into',
    )
  const script = folder.names.find((name) => /^\d[^/]*$/.test(name) && SCRIPT_NAME.test(name))
  if (script !== undefined)
    throw unreadable(folder, script, 'it is a script, which has to be run: see captureMigrations')
  return topLevel(folder).flatMap((name): Draft[] => {
    const file = folder.files.get(name)
    if (!file || /\.down\.sql$/i.test(name)) return []
    const id = name.replace(/(?:\.up)?\.sql$/i, '')
    return [{ version: versionOf(id), migration: { id, file: file.path, ...read(file) } }]
  })
}

/** All of it. */
export function whole({ text }: SourceFile): Taken {
  return { sql: text, ...withoutTransaction(NO_TRANSACTION.test(text)) }
}

export function dbmate(file: SourceFile): Taken {
  const section = required(file, DBMATE, '-- migrate:up')
  return part(section, /\btransaction:false\b/.test(section.marker))
}

export function goose(file: SourceFile): Taken {
  const section = required(file, GOOSE, '-- +goose Up')
  return part(section, /^--[ \t]*\+goose[ \t]+no[ \t]+transaction\b/im.test(file.text))
}

export function nodePgMigrate({ text }: SourceFile): Taken {
  const section = upSection(text, NODE_PG_MIGRATE)
  if (section) return part(section, false)
  const end = text.search(NODE_PG_MIGRATE.down)
  return { sql: end < 0 ? text : text.slice(0, end) }
}

function required(file: SourceFile, markers: Markers, marker: string): Section {
  const section = upSection(file.text, markers)
  if (section) return section
  throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE', {
    file: file.path,
    problem: `it has no line '${marker}'`,
  })
}
