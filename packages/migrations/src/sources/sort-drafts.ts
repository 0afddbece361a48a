import { refuse } from '../migration-error.ts'
import type { Draft } from './draft.ts'
import { compareNames, compareVersions } from './version.ts'

/** How plain files are sorted. */
export type SourceOrder = 'numeric' | 'lexical'

/** By number where they have numbers; a name without one among them would be anywhere. */
export function sorted(
  drafts: readonly Draft[],
  order: SourceOrder | undefined,
  sameNumbers: 'refused' | 'by name' = 'refused',
): readonly Draft[] {
  const numbered = drafts.filter(({ version }) => version !== undefined)
  if (order === 'lexical' || (order === undefined && numbered.length === 0)) {
    return unique(
      drafts.toSorted((one, other) => compareNames(one.migration.id, other.migration.id)),
    )
  }
  const odd = drafts.find(({ version }) => version === undefined)
  if (odd) {
    const problem =
      "its name begins with no number as the others' do; rename it, or say { order: 'lexical' }"
    throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE', { file: odd.migration.file, problem })
  }
  const result = drafts.toSorted((one, other) => {
    return (
      compareVersions(one.version ?? '', other.version ?? '') ||
      compareNames(one.migration.id, other.migration.id)
    )
  })
  return sameNumbers === 'by name' ? result : unique(result)
}

/** @throws MigrationError `CHANGEOVER_MIGRATIONS_ID_TWICE`, where two are the same to their tool */
export function unique(drafts: readonly Draft[]): readonly Draft[] {
  drafts.forEach((draft, index) => {
    const before = drafts[index - 1]
    if (!before || !isSame(before, draft)) return
    const { id, file } = draft.migration
    const details = { one: before.migration.file, other: file, version: draft.version ?? id }
    throw refuse('CHANGEOVER_MIGRATIONS_ID_TWICE', details)
  })
  return drafts
}

function isSame(one: Draft, other: Draft): boolean {
  if (one.migration.id === other.migration.id) return true
  if (one.version === undefined || other.version === undefined) return false
  return compareVersions(one.version, other.version) === 0
}
