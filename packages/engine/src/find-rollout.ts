import { refuse } from './changeover-error.ts'
import { foldJournal } from './fold-journal.ts'
import type { Entry } from './journal.ts'
import type { Rollout } from './rollout.ts'
import { finishedHandle } from './rollout-handle.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Store } from './store.ts'

/** A journal, whole. */
async function readEntriesOf(store: Store, rollout: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of store.read(rollout)) entries.push(entry)
  return entries
}

/** The state that a stored journal tells. @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` */
export async function readState(store: Store, rollout: string): Promise<RolloutState> {
  return foldKnown(await readEntriesOf(store, rollout), rollout)
}

/**
 * A rollout that this engine does not lead: readable where it has ended, and followed where the store can be.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN`, or `CHANGEOVER_COMMAND_REFUSED` where it is under way elsewhere
 */
export async function findElsewhere(
  store: Store,
  rollout: string,
  follow: (state: RolloutState) => Rollout | undefined,
): Promise<Rollout> {
  const entries = await readEntriesOf(store, rollout)
  const state = foldKnown(entries, rollout)
  if (state.outcome !== undefined) return finishedHandle(state, store)
  const followed = follow(state)
  if (followed) return followed
  const holder = entries.findLast((entry) => entry.type === 'led')?.holder ?? 'nobody yet'
  const problem = `this engine does not lead it; the last one that did is "${holder}"`
  throw refuse('CHANGEOVER_COMMAND_REFUSED', { rollout, command: 'rollout', problem })
}

function foldKnown(entries: readonly Entry[], rollout: string): RolloutState {
  if (entries.length === 0) throw refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout })
  return foldJournal(entries)
}
