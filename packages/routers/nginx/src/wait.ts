import type { Clock, WaitOptions } from '@changeover/engine'

/** nginx tells nobody when its workers change, so they are looked at this often. */
const EVERY_MS = 15
/** A wait that lasts looks less often: many drains at once, each for minutes, are to cost next to nothing. */
const LONGEST_PAUSE_MS = 250

/**
 * Looks again and again until `look` finds something or the deadline is over, and once more then.
 *
 * @throws the signal's reason when that aborts first
 */
export async function lookUntil<T>(
  look: () => Promise<T | undefined>,
  clock: Clock,
  { deadline, signal }: WaitOptions,
): Promise<T | undefined> {
  const since = clock.now()
  const until = since + deadline
  for (;;) {
    signal?.throwIfAborted()
    const found = await look()
    signal?.throwIfAborted()
    const now = clock.now()
    const leftMs = until - now
    if (found !== undefined || leftMs <= 0) return found
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(EVERY_MS, (now - since) / 10))
    await clock.sleep(Math.min(pauseMs, leftMs), signal ? { signal } : {})
  }
}
