import type { Clock, Unsubscribe } from '@changeover/engine'

/** What a watcher hears, as often as it looks. */
export interface Watching {
  readonly clock: Clock
  readonly everyMs: number
  /** Ends it. */
  readonly signal: AbortSignal
  /** News since the last look. Failures are passed over: no answer is no news. */
  readonly look: (signal: AbortSignal) => Promise<readonly string[]>
}

/** Looks until it is unsubscribed or the signal aborts. */
export function watching(
  { clock, everyMs, signal, look }: Watching,
  listener: (news: readonly string[]) => void,
): Unsubscribe {
  const end = new AbortController()
  const both = AbortSignal.any([signal, end.signal])
  const run = async (): Promise<void> => {
    for (;;) {
      const news = await look(both).catch((): readonly string[] => [])
      both.throwIfAborted()
      if (news.length > 0) listener(news)
      await clock.sleep(everyMs, { signal: both })
    }
  }
  run().catch(() => undefined)
  return () => end.abort()
}
