import type { Draft } from './draft.ts'
import { dbmate, flat, goose, nodePgMigrate, whole } from './flat-folder.ts'
import type { Folder } from './folder.ts'
import type { MigrationFormat } from './formats.ts'
import { sorted, unique } from './sort-drafts.ts'
import type { SourceOrder } from './sort-drafts.ts'
import { drizzle, flyway, graphileMigrate, inFolders } from './tool-folders.ts'
import { leadingNumber } from './version.ts'

type Reader = (folder: Folder, order: SourceOrder | undefined) => readonly Draft[]

/** In the order in which the tool runs them. */
export const READERS: Readonly<Record<MigrationFormat, Reader>> = {
  sql: (folder, order) => sorted(flat(folder, whole), order),
  sqlx: (folder) => sorted(flat(folder, whole), 'numeric'),
  dbmate: (folder) => unique(flat(folder, dbmate)),
  goose: (folder) => sorted(flat(folder, goose), 'numeric'),
  'node-pg-migrate': (folder) =>
    sorted(byLeadingNumber(flat(folder, nodePgMigrate)), 'numeric', 'by name'),
  flyway,
  'graphile-migrate': graphileMigrate,
  prisma: (folder) => inFolders(folder),
  drizzle,
}

/** It goes by the number in front alone. */
function byLeadingNumber(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.map(({ migration }) => ({ migration, version: leadingNumber(migration.id) }))
}
