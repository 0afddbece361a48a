import type { EventStream } from './event-stream.ts'
import { eventFrame } from './sse-frame.ts'
import { type Broadcast, createWatcher, type Latest, type Watcher } from './watcher.ts'

/** All who watch one rollout, and what they are sent: each event is serialised once for all of them. */
export interface Audience {
  /** Sends everything behind entry `after`, then what comes. The caller pumps it when the connection takes more. */
  join(stream: EventStream, after: number): Watcher
  leave(watcher: Watcher): void
  /** The next journal entry. */
  entry(frame: Buffer): void
  /** Takes the place of what was told under `key` before, once the entries up to `seq` are sent. */
  tell(key: string, event: string, data: unknown, seq: number): void
  /** Nothing more will come. */
  end(frame: Buffer): void
  close(): void
}

export function createAudience(): Audience {
  const watchers = new Set<Watcher>()
  const entries: Buffer[] = []
  const latest = new Map<string, Latest>()
  const broadcast: { -readonly [K in keyof Broadcast]: Broadcast[K] } = {
    entries,
    latest,
    end: undefined,
  }
  let flushing: NodeJS.Immediate | undefined

  /** Once for all that came in one turn of the event loop. */
  const flush = (): void => {
    flushing ??= setImmediate(() => {
      flushing = undefined
      for (const watcher of watchers) watcher.pump()
    })
  }
  return {
    join(stream, after) {
      const watcher = createWatcher(broadcast, stream, after)
      watchers.add(watcher)
      flush()
      return watcher
    },
    leave: (watcher) => watchers.delete(watcher),
    entry(frame) {
      entries.push(frame)
      flush()
    },
    tell(key, event, data, seq) {
      const version = (latest.get(key)?.version ?? 0) + 1
      latest.set(key, { version, frame: eventFrame(event, data), seq })
      flush()
    },
    end(frame) {
      broadcast.end = frame
      flush()
    },
    close: () => clearImmediate(flushing),
  }
}
