import type { Effect } from '../rules/effect.ts'
import { blocking, breaking, harmless, undecided } from '../rules/effects.ts'
import { relationEffects } from './relation-diff.ts'
import type { MigrationRun, Step } from './migration-run.ts'
import type { LiteRelation } from './snapshot.ts'

/** What a statement did, judged by what is left of it once the whole migration has run. */
export function statementEffects(step: Step, whole: MigrationRun): readonly Effect[] {
  const known = [...step.before.values()].filter(({ name }) => whole.origin.has(name.toLowerCase()))
  const changed = known.flatMap((relation) => changeEffects(relation, step, whole))
  return changed.length > 0 ? changed : [ownEffect(step, whole)]
}

function changeEffects(before: LiteRelation, step: Step, whole: MigrationRun): Effect[] {
  const key = before.name.toLowerCase()
  const end = whole.end.get(key)
  const origin = whole.origin.get(key) ?? before
  const after = step.after.get(key)
  if (!after && !end) return [gone(before, step)]
  const now = after ?? end ?? before
  const { column, to } = step.statement
  const renames =
    step.statement.kind === 'rename-column' && before.columns.has(column.toLowerCase())
  const change = {
    before,
    after: now,
    end: end ?? now,
    origin,
    renamedTo: renames ? to : undefined,
  }
  const effects = relationEffects(change)
  const isEmptied = !after && before.hasRows && end?.kind === 'table' && !end.hasRows
  return isEmptied ? [...effects, rowsLost(before)] : effects
}

function gone({ name, kind }: LiteRelation, { statement }: Step): Effect {
  const names = { table: name, object: name, view: name, kind, new: statement.to }
  const removes = [{ kind: 'relation', object: name } as const]
  if (statement.kind === 'rename-table') return breaking('rename-table', names, { removes })
  return breaking(kind === 'view' ? 'drop-view' : 'drop-table', names, { removes })
}

/** Dropped and made anew, with nothing in it. */
function rowsLost({ name }: LiteRelation): Effect {
  return breaking(
    'drop-table',
    { table: name, object: name, kind: 'table' },
    { classes: ['data'], unobservable: true },
  )
}

const KNOWN_ONLY: ReadonlySet<string> = new Set(['vacuum-full', 'reindex-blocking'])

/** What a statement is that changed nothing that anybody knew. */
function ownEffect({ statement, before }: Step, { origin }: MigrationRun): Effect {
  const { kind, table, column, bounded } = statement
  const names = {
    table,
    column,
    object: table,
    index: table,
    view: table,
    kind: 'object',
    type: '',
    columns: '',
  }
  if (kind === 'write') {
    const isNew = before.has(table.toLowerCase()) && !origin.has(table.toLowerCase())
    if (isNew) return harmless('write-new-table', names)
    if (bounded) return harmless('bounded-write', names, { phase: 'backfill' })
    return blocking('unbatched-backfill', names, [], { phase: 'backfill' })
  }
  if (KNOWN_ONLY.has(kind)) return blocking(kind, names, [])
  if (kind === 'drop-trigger') return breaking('drop-trigger', names, { unobservable: true })
  if (kind === 'other') return undecided('unparsed', ['compat'], names)
  const isControl = kind === 'begin' || kind === 'commit' || kind === 'rollback'
  return harmless(isControl ? 'transaction-control' : kind, names)
}
