import { z } from 'zod'
import { refuse } from '../migration-error.ts'
import { part, unreadable, withoutTransaction } from './draft.ts'
import type { Draft } from './draft.ts'
import { baseName } from './folder.ts'
import type { Folder, SourceFile } from './folder.ts'
import { FLYWAY_NAME, topLevel } from './recognise-format.ts'
import { afterHeader } from './sections.ts'
import { sorted } from './sort-drafts.ts'
import { versionOf } from './version.ts'

export function flyway(folder: Folder): readonly Draft[] {
  const files = [...folder.files.values()].filter(({ name }) => /\.sql$/i.test(name))
  const drafts = files.flatMap((file): Draft[] => {
    const base = baseName(file.name)
    if (!FLYWAY_NAME.test(base)) {
      throw unreadable(
        folder,
        file.name,
        'its name is none of V1_2__name.sql, R__name.sql; Flyway passes over it',
      )
    }
    if (/^[UB]/i.test(base)) return []
    const version = /^V([\d._]+?)_?__/i.exec(base)?.[1]
    const none = /^\s*executeInTransaction\s*=\s*false\b/im.test(
      folder.files.get(`${file.name}.conf`)?.text ?? '',
    )
    const id = base.replace(/\.sql$/i, '')
    return [
      { version, migration: { id, file: file.path, sql: file.text, ...withoutTransaction(none) } },
    ]
  })
  const versioned = drafts.filter(({ version }) => version !== undefined)
  const repeatable = drafts.filter(({ version }) => version === undefined)
  return [...sorted(versioned, 'numeric'), ...sorted(repeatable, 'lexical')]
}

export function graphileMigrate(folder: Folder): readonly Draft[] {
  const committed = [...folder.files.values()].filter(({ name }) =>
    /^committed\/[^/]+\.sql$/.test(name),
  )
  const current = [...folder.files.values()].filter(({ name }) =>
    /^current(?:\.sql|\/[^/]+\.sql)$/.test(name),
  )
  return [
    ...sorted(committed.map(graphileDraft), 'numeric'),
    ...current
      .map(graphileDraft)
      .filter(({ migration }) => /^(?!\s*(?:--|$))/m.test(migration.sql)),
  ]
}

function graphileDraft(file: SourceFile): Draft {
  const { sql, firstLine, marker } = afterHeader(file.text)
  const include = /^--![ \t]*include\b.*/im.exec(file.text)?.[0]
  if (include !== undefined) {
    const problem = `'${include.trim()}' is put in by graphile-migrate; commit the migration first`
    throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE', { file: file.path, problem })
  }
  const none = /^--![ \t]*no-transaction\b/m.test(marker)
  const id = file.name.replace(/^committed\//, '').replace(/\.sql$/, '')
  return {
    version: versionOf(id),
    migration: { id, file: file.path, ...part({ sql, firstLine, marker }, none) },
  }
}

/** `<name>/migration.sql` */
export function inFolders(folder: Folder): readonly Draft[] {
  return folder.names.flatMap((name): Draft[] => {
    const [id = '', ...rest] = name.split('/')
    const file = folder.files.get(name)
    if (rest.join('/') === 'migration.sql' && file)
      return [{ version: undefined, migration: { id, file: file.path, sql: file.text } }]
    if (/\.sql$/i.test(name) && rest.at(-1) !== 'down.sql') {
      throw unreadable(folder, name, 'it is no migration.sql in a folder of its own')
    }
    return []
  })
}

const JOURNAL = z.object({ entries: z.array(z.object({ tag: z.string().min(1) })) })

export function drizzle(folder: Folder): readonly Draft[] {
  const journal = folder.files.get('meta/_journal.json')
  if (!journal) return inFolders(folder)
  const tags = journalTags(journal)
  const drafts = tags.map((tag): Draft => {
    const file = folder.files.get(`${tag}.sql`)
    if (!file)
      throw unreadable(folder, 'meta/_journal.json', `it lists ${tag}, and there is no ${tag}.sql`)
    return { version: versionOf(tag), migration: { id: tag, file: file.path, sql: file.text } }
  })
  const stray = topLevel(folder).find((name) => !tags.includes(name.replace(/\.sql$/i, '')))
  if (stray !== undefined)
    throw unreadable(
      folder,
      stray,
      'meta/_journal.json does not list it, so that Drizzle passes over it',
    )
  return drafts
}

function journalTags({ text, path }: SourceFile): string[] {
  try {
    return JOURNAL.parse(JSON.parse(text)).entries.map(({ tag }) => tag)
  } catch (cause) {
    const problem = 'it is no journal of Drizzle'
    throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE', { file: path, problem }, { cause })
  }
}
