import type { Clock, WaitOptions } from '@changeover/engine'

/** nginx tells nobody when its workers change, so they are looked at this often. */
const EVERY_MS = 15

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
  const until = clock.now() + deadline
  for (;;) {
    signal?.throwIfAborted()
    const found = await look()
    signal?.throwIfAborted()
    const leftMs = until - clock.now()
    if (found !== undefined || leftMs <= 0) return found
    await clock.sleep(Math.min(EVERY_MS, leftMs), signal ? { signal } : {})
  }
}
