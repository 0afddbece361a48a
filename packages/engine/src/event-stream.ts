import type { Entry } from './journal.ts'
import type { Store } from './store.ts'

/** Hands live entries to any number of readers. */
export interface EntryFeed {
  publish(entry: Entry): void
  /** No more entries will come. */
  end(): void
  /** The journal from its first entry, then live. */
  read(store: Store, rollout: string, signal?: AbortSignal): AsyncGenerator<Entry, undefined>
}

interface Reader {
  readonly queue: Entry[]
  wake: () => void
}

export function entryFeed(): EntryFeed {
  const readers = new Set<Reader>()
  let ended = false
  const wakeAll = (): void => readers.forEach((reader) => reader.wake())

  async function* read(
    store: Store,
    rollout: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Entry, undefined> {
    // Subscribed before the journal is read, so that nothing is missed in between; doubles are left out by number.
    const reader: Reader = { queue: [], wake: () => undefined }
    readers.add(reader)
    const wake = (): void => reader.wake()
    signal?.addEventListener('abort', wake)
    try {
      let seen = -1
      for await (const entry of store.read(rollout)) {
        if (signal?.aborted) return undefined
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
