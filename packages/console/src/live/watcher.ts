import type { EventStream } from './event-stream.ts'

/** The newest of something that is told as often as the watcher can take it: older ones are worth nothing. */
export interface Latest {
  /** Grows with each one. */
  readonly version: number
  readonly frame: Buffer
  /** Number of the entry that must have been sent before. */
  readonly seq: number
}

/** What all watchers of a rollout are sent, serialised once. */
export interface Broadcast {
  /** A frame for each entry, by its number. */
  readonly entries: readonly Buffer[]
  readonly latest: ReadonlyMap<string, Latest>
  /** The last frame; undefined while more will come. */
  readonly end: Buffer | undefined
}

/** One who watches: a place in the journal, and no buffer of its own. */
export interface Watcher {
  /** Sends what it has not been sent and can take. */
  pump(): void
}

/** Most that is handed to a connection at once, in bytes. */
const MOST_AT_ONCE = 64 * 1024

/** A watcher that has every entry up to number `after` already. */
export function createWatcher(source: Broadcast, stream: EventStream, after: number): Watcher {
  const told = new Map<string, number>()
  let next = Math.max(0, after + 1)

  /** The entries that it has not been sent, as many as go at once. */
  function takeEntries(): Buffer | undefined {
    const batch: Buffer[] = []
    let bytes = 0
    for (let frame = source.entries[next]; frame; frame = source.entries[next]) {
      if (bytes > 0 && bytes + frame.length > MOST_AT_ONCE) break
      batch.push(frame)
      bytes += frame.length
      next += 1
    }
    return batch.length > 1 ? Buffer.concat(batch) : batch[0]
  }

  function takeLatest(): Buffer | undefined {
    for (const [key, { version, frame, seq }] of source.latest) {
      if (seq >= next || (told.get(key) ?? -1) >= version) continue
      told.set(key, version)
      return frame
    }
    return undefined
  }

  return {
    pump() {
      while (stream.writable()) {
        const frame = takeEntries() ?? takeLatest()
        if (frame) {
          stream.write(frame)
          continue
        }
        if (source.end) stream.end(source.end)
        return
      }
    },
  }
}
