import { refuse } from './changeover-error.ts'
import type { Clock } from './clock.ts'
import type { Fence } from './fence.ts'
import { chainEntry, type Entry, type EntryBody, GENESIS_HASH } from './journal.ts'
import type { Store } from './store.ts'

/** Appends to one rollout's journal. */
export interface JournalWriter {
  /**
   * Resolves when the entries are durable and `onEntry` has seen them. Entries are never reordered.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_FINISHED` for what comes after the last entry
   */
  record(bodies: readonly EntryBody[]): Promise<void>
}

export interface JournalWriterOptions {
  readonly store: Pick<Store, 'append'>
  readonly clock: Clock
  readonly rollout: string
  readonly fence: Fence
  /** The entry to go on from; undefined for a new journal. */
  readonly last: Entry | undefined
  /** Called for each entry once it is durable, in order. */
  readonly onEntry: (entry: Entry) => void
  /** Called once when an append failed; nothing is appended after that. */
  readonly onFailure: (error: unknown) => void
}

/** Gathers what is recorded while an append is under way and appends it together: one fsync for many entries. */
export function journalWriter(options: JournalWriterOptions): JournalWriter {
  const { store, clock, rollout, fence, onEntry, onFailure } = options
  let { last } = options
  let waiting: EntryBody[] = []
  /** The append under way, or the last one. A failed one lets nothing follow it. */
  let current: Promise<void> = Promise.resolve()
  /** The append that will carry what is waiting. */
  let coming: Promise<void> | undefined
  let failed = false
  /** A finished journal has had its last entry; one more would make it look open again. */
  let sealed = false

  async function append(): Promise<void> {
    const entries = chain(waiting)
    waiting = []
    coming = undefined
    await store.append(rollout, entries[0]?.seq ?? 0, entries)
    last = entries.at(-1)
    for (const entry of entries) onEntry(entry)
  }

  function chain(bodies: readonly EntryBody[]): Entry[] {
    const at = clock.now()
    let before = last
    return bodies.map((body) => {
      const seq = (before?.seq ?? -1) + 1
      before = chainEntry(body, { rollout, seq, at, fence, prev: before?.hash ?? GENESIS_HASH })
      return before
    })
  }

  function schedule(): Promise<void> {
    current = current.then(append)
    current.catch(reportOnce)
    return current
  }

  function reportOnce(error: unknown): void {
    if (failed) return
    failed = true
    onFailure(error)
  }

  return {
    async record(bodies) {
      if (bodies.length === 0) return
      if (sealed) throw finished(rollout, bodies[0])
      sealed = bodies.some(({ type }) => type === 'finished')
      for (const body of bodies) waiting.push(body)
      coming ??= schedule()
      await coming
    },
  }
}

function finished(rollout: string, body: EntryBody | undefined): Error {
  const command = body?.type === 'commanded' ? body.command : (body?.type ?? 'nothing')
  return refuse('CHANGEOVER_ROLLOUT_FINISHED', { rollout, outcome: 'just now', command })
}
