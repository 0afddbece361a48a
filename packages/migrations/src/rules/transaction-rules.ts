import type { Catalog } from '../catalog/catalog.ts'
import type { Statement } from '../sql/statement.ts'
import type { Effect } from './effect.ts'
import type { JudgedStatement } from './judged-statement.ts'
import { blocking, harmless, refused } from './effects.ts'
import { softened } from './replacements.ts'
import { listName, sqlName } from './object-names.ts'
import { findAll, nodeOf } from './rule-context.ts'
import { underHeldLocks } from './transaction-locks.ts'

/**
 * The same statements, with what only all of one transaction do together: effects are added (work under a lock that an earlier
 * statement took), softened (a view that is dropped and created again) or taken back (what is rolled back). Pure.
 *
 * @param judged all statements of one transaction, in order; a single one that is its own transaction as well
 * @param after what is there once the transaction is over
 */
export function transactionEffects<Judged extends JudgedStatement>(
  judged: readonly Judged[],
  after: Catalog,
  server: { readonly version: number },
): readonly Judged[] {
  const withLocks = underHeldLocks(judged)
  const enums: NewLabels = { labels: new Map(), types: new Set() }
  return withLocks.map((one, place) => {
    const kept = one.statement.rolledBack
      ? one.effects.map(undone)
      : softened(one, withLocks, after)
    const uses = enumUses(one, enums)
    noteLabels(one, enums, server.version)
    return { ...one, effects: [...kept, ...uses, ...leftOpen(one, place, withLocks)] }
  })
}

/** What a rolled-back statement did is gone; that others waited for it is not. */
function undone(effect: Effect): Effect {
  const classes = effect.classes.filter((each) => each === 'lock')
  if (effect.refused || effect.classes.length === classes.length) return effect
  const { removes: _, narrows: __, ...rest } = effect
  if (classes.length > 0) return { ...rest, classes }
  return harmless('rolled-back', effect.names, { locks: effect.locks ?? [] })
}

/** What a transaction has added to enums so far. */
interface NewLabels {
  readonly labels: Map<string, Effect['names']>
  /** Types that it has created, where that makes a difference. */
  readonly types: Set<string>
}

/** A label may not be used in the transaction that adds it (55P04). */
function enumUses({ statement }: JudgedStatement, { labels }: NewLabels): Effect[] {
  if (labels.size === 0) return []
  const words = new Set(findAll(statement.node, 'A_Const').map(({ sval }) => sval?.sval ?? ''))
  const used = [...labels].filter(([label]) => words.has(label))
  return used.map(([, names]) => refused('enum-use-in-same-transaction', names))
}

/** Since 17 a label may be used at once where the type is of the same transaction. */
function noteLabels(
  { statement, effects }: JudgedStatement,
  { labels, types }: NewLabels,
  version: number,
): void {
  const created = nodeOf(statement.node, 'CreateEnumStmt')
  if (created && version >= 17) types.add(sqlName(listName(created.typeName)))
  for (const { rule, names } of effects)
    if (rule === 'enum-add-value' && !types.has(names['type'] ?? ''))
      labels.set(names['label'] ?? '', names)
}

const ENDS = new Set(['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE'])

function leftOpen(
  { statement }: JudgedStatement,
  place: number,
  all: readonly JudgedStatement[],
): Effect[] {
  const kind = controlKind(statement)
  if (kind !== 'TRANS_STMT_BEGIN' && kind !== 'TRANS_STMT_START') return []
  const ended = all.slice(place + 1).some((each) => ENDS.has(controlKind(each.statement) ?? ''))
  return ended ? [] : [blocking('begin-without-commit', {}, [])]
}

function controlKind({ node }: Statement): string | undefined {
  return nodeOf(node, 'TransactionStmt')?.kind
}
