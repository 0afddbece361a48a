import type { Clock } from '@changeover/engine'

/** A wait that ends: at its deadline, or with the signal. */
export interface Wait {
  readonly clock: Clock
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/**
 * Looks again and again, less and less often, until `look` gives something that is final; at the deadline the last it gave, or
 * undefined where it gave nothing. Caddy has no event for what is looked for.
 *
 * @throws the signal's reason when that aborts, and what `look` throws
 */
export async function lookUntil<T extends { readonly final: boolean }>(
  { clock, deadlineMs, signal }: Wait,
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const over = new AbortController()
  const done = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  void clock.sleep(deadlineMs, { signal: done.signal }).then(
    () => over.abort(),
    () => undefined,
  )
  let last: T | undefined
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      last = await look(both)
      if (last.final) return last
      await clock.sleep(pauseMs, { signal: both })
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!over.signal.aborted) throw error
    return last
  } finally {
    done.abort()
  }
}
