import type { Entry } from './journal.ts'
import type { EventsOptions } from './rollout.ts'
import type { Store } from './store.ts'

/** Hands live entries to any number of readers. */
export interface EntryFeed {
  publish(entry: Entry): void
  /** No more entries will come. */
  end(): void
  /** The journal from the entry behind `after`, then live. */
  read(store: Store, rollout: string, options?: EventsOptions): AsyncGenerator<Entry, undefined>
}

/** Whoever comes late, or back, is served without the store: most rollouts have fewer entries than this. */
const KEPT = 5_000

interface Reader {
  readonly queue: Entry[]
  wake: () => void
}

/** @param last the entry before the first one that will be published, where it is known */
export function entryFeed(last?: Entry): EntryFeed {
  const readers = new Set<Reader>()
  /** The newest entries, without gaps. */
  const recent: Entry[] = last ? [last] : []
  let ended = false
  const wakeAll = (): void => readers.forEach((reader) => reader.wake())

  /** Everything behind `after` that was published so far, where all of it is still kept. */
  function known(after: number): Entry[] | undefined {
    const first = recent[0]?.seq ?? Infinity
    return first <= after + 1 ? recent.slice(after + 1 - first) : undefined
  }

  async function* read(
    store: Store,
    rollout: string,
    { signal, after = -1 }: EventsOptions = {},
  ): AsyncGenerator<Entry, undefined> {
    // Subscribed before the journal is read, so that nothing is missed in between; doubles are left out by number.
    const reader: Reader = { queue: [], wake: () => undefined }
    readers.add(reader)
    const wake = (): void => reader.wake()
    signal?.addEventListener('abort', wake)
    try {
      let seen = after
      for await (const entry of known(after) ?? store.read(rollout)) {
        if (signal?.aborted) return undefined
        if (entry.seq <= seen) continue
        seen = entry.seq
        yield entry
      }
      for (;;) {
        if (signal?.aborted) return undefined
        const entry = reader.queue.shift()
        if (entry && entry.seq > seen) yield entry
        if (entry) continue
        if (ended) return undefined
        await new Promise<void>((resolve) => {
          reader.wake = resolve
        })
      }
    } finally {
      signal?.removeEventListener('abort', wake)
      readers.delete(reader)
    }
  }

  return {
    publish(entry) {
      recent.push(entry)
      if (recent.length > 2 * KEPT) recent.splice(0, KEPT)
      for (const reader of readers) reader.queue.push(entry)
      wakeAll()
    },
    end() {
      ended = true
      wakeAll()
    },
    read,
  }
}
