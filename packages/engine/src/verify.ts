import { ChangeoverError, refuse } from './changeover-error.ts'
import type { Entry } from './journal.ts'
import { entryProblem } from './journal-line.ts'
import type { Store } from './store.ts'

/** Whether a journal is whole, and where it is damaged if not. */
export type Verification =
  | { readonly ok: true; readonly entries: number }
  | {
      readonly ok: false
      /** Number of the first damaged entry. */
      readonly seq: number
      /** Where it begins, in bytes; only where the store has files. */
      readonly offset?: number
      readonly problem: string
    }

/** Reads a journal from its first entry to its last, and checks each link. @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` */
export async function verifyJournal(store: Store, rollout: string): Promise<Verification> {
  let last: Entry | undefined
  try {
    for await (const entry of store.read(rollout)) {
      const problem = entryProblem(entry, rollout, last) ?? misplaced(entry, last)
      if (problem !== undefined) return { ok: false, seq: (last?.seq ?? -1) + 1, problem }
      last = entry
    }
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_JOURNAL_CORRUPT')
      return damage(error)
    throw error
  }
  if (!last) throw refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout })
  return { ok: true, entries: last.seq + 1 }
}

/** A chain may be sound and still tell no rollout. */
function misplaced({ type }: Entry, last: Entry | undefined): string | undefined {
  if ((type === 'created') !== (last === undefined))
    return last ? 'the rollout is created once more' : 'it does not create the rollout'
  return last?.type === 'finished' ? 'it comes after the end of the rollout' : undefined
}

function damage({ details }: ChangeoverError): Verification {
  const { seq, offset, problem } = details
  return {
    ok: false,
    seq: Number(seq),
    ...(typeof offset === 'number' ? { offset } : {}),
    problem: String(problem),
  }
}
