import {
  ChangeoverError,
  type Engine,
  type Entry,
  type Rollout,
  type Store,
} from '@changeover/engine'
import { nextChange } from './changes.ts'

export interface JournalSource {
  readonly engine: Pick<Engine, 'rollout'>
  readonly store: Store
}

/**
 * Every entry of a rollout once, in order, to its end: over engines that let go of it and others that take it up. Ends
 * early when `signal` aborts.
 *
 * @throws ChangeoverError what the engine or the store refuses with, `CHANGEOVER_ROLLOUT_UNKNOWN` for one
 */
export async function* followJournal(
  { engine, store }: JournalSource,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Entry, undefined> {
  let after = -1
  while (!signal.aborted) {
    const rollout = await find(engine, id)
    for await (const entry of rollout?.events({ signal, after }) ?? store.read(id)) {
      if (signal.aborted) return undefined
      if (entry.seq <= after) continue
      after = entry.seq
      yield entry
      if (entry.type === 'finished') return undefined
    }
    await nextChange(store, id, signal)
  }
  return undefined
}

/** Undefined for a rollout that another engine leads, and that this one cannot follow: then the store has to do. */
async function find(engine: JournalSource['engine'], id: string): Promise<Rollout | undefined> {
  try {
    return await engine.rollout(id)
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_COMMAND_REFUSED')
      return undefined
    throw error
  }
}
