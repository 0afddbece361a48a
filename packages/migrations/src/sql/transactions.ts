import type { Migration, TransactionMode } from '../migration.ts'
import type { Draft, DraftScript } from './draft.ts'
import { refusesTransaction } from './refuses-transaction.ts'
import type { Unclosed } from './statement.ts'

/** A migration with what was read of it. */
interface Entry extends DraftScript {
  readonly migration: Migration
}

/** What the runner puts around a migration. */
type Scope = 'own' | 'shared' | 'none'

/** The connection that all migrations go through. */
interface Session {
  /** The transaction that is open. */
  current: number | undefined
  /** Since the transaction began. */
  ran: Draft[]
  savepoints: { readonly name: string; readonly ran: number }[]
  /** The `BEGIN` of this file that waits for its end. */
  begin: Draft | undefined
  readonly next: () => number
}

/**
 * Tells each statement its transaction, and which ones are rolled back. Gives for each migration the `BEGIN` that it does not end.
 */
export function assignTransactions(
  entries: readonly Entry[],
  mode: TransactionMode,
): readonly (Unclosed | undefined)[] {
  let last = 0
  const next = () => (last += 1)
  let session = open(undefined, next)
  let before: Scope | undefined
  return entries.map((entry) => {
    const scope = scopeOf(entry, mode)
    if (scope !== 'shared' || before !== 'shared') {
      session = open(scope === 'none' ? undefined : next(), next)
    }
    before = scope
    return run(session, entry.drafts, scope)
  })
}

function scopeOf({ migration, drafts, unreadable }: Entry, mode: TransactionMode): Scope {
  if (migration.transaction !== undefined) return migration.transaction
  if (mode === 'all') return 'shared'
  if (mode === 'none') return 'none'
  const [only, ...others] = drafts
  const isAlone = only !== undefined && others.length === 0 && unreadable.length === 0
  return isAlone && refusesTransaction(only) ? 'none' : 'own'
}

function open(current: number | undefined, next: () => number): Session {
  return { current, ran: [], savepoints: [], begin: undefined, next }
}

function run(session: Session, drafts: readonly Draft[], scope: Scope): Unclosed | undefined {
  session.begin = undefined
  for (const draft of drafts) {
    if ('TransactionStmt' in draft.node) control(session, draft)
    else place(session, draft)
  }
  return session.begin && { begin: session.begin, runnerCommits: scope !== 'none' }
}

function place(session: Session, draft: Draft): void {
  const { current, next } = session
  const number = draft.inner.length > 0 ? (current ?? next()) : current
  draft.transaction = number
  if (number !== undefined) placeInner(draft, number, current === undefined ? next : undefined)
  if (current !== undefined) session.ran.push(draft)
}

/** A DO block outside of a transaction may commit, and goes on in a new one. */
function placeInner(draft: Draft, number: number, next: (() => number) | undefined): void {
  let current = number
  for (const inner of draft.inner) {
    inner.transaction = current
    placeInner(inner, current, undefined)
    if (inner.kind !== 'TransactionStmt') continue
    if (next === undefined) inner.misplaced = true
    else current = next()
  }
}

function control(session: Session, draft: Draft): void {
  if (!('TransactionStmt' in draft.node)) return
  const { kind, savepoint_name: name = '', chain = false } = draft.node.TransactionStmt
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') begin(session, draft)
  draft.transaction = session.current
  if (session.current === undefined) return
  if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_PREPARE') end(session, draft, chain)
  if (kind === 'TRANS_STMT_ROLLBACK') {
    undo(session, 0)
    end(session, draft, chain)
  }
  if (kind === 'TRANS_STMT_SAVEPOINT') session.savepoints.push({ name, ran: session.ran.length })
  if (kind === 'TRANS_STMT_RELEASE') session.savepoints = before(session, name)
  if (kind === 'TRANS_STMT_ROLLBACK_TO') rollBackTo(session, name)
}

/** Inside a transaction the server only warns: the runner's own holds, and a COMMIT ends it. */
function begin(session: Session, draft: Draft): void {
  session.begin ??= draft
  if (session.current !== undefined) return
  session.current = session.next()
  session.ran = []
  session.savepoints = []
}

function end(session: Session, draft: Draft, chain: boolean): void {
  session.current = undefined
  session.begin = undefined
  if (!chain) return
  const own = draft.transaction
  begin(session, draft)
  draft.transaction = own
}

function undo(session: Session, from: number): void {
  for (const draft of session.ran.splice(from)) markRolledBack(draft)
}

function markRolledBack(draft: Draft): void {
  draft.rolledBack = true
  draft.inner.forEach(markRolledBack)
}

function rollBackTo(session: Session, name: string): void {
  const savepoint = session.savepoints.findLast((one) => one.name === name)
  if (savepoint === undefined) return
  undo(session, savepoint.ran)
  session.savepoints = [...before(session, name), savepoint]
}

/** The savepoints that were set before the latest one of this name. */
function before({ savepoints }: Session, name: string): Session['savepoints'] {
  const at = savepoints.findLastIndex((one) => one.name === name)
  return at < 0 ? savepoints : savepoints.slice(0, at)
}
