import type { Clock } from './clock.ts'

/** How long to wait for an answer, and what breaks the wait off. */
export interface AnswerLimit {
  readonly clock: Clock
  readonly limitMs: number
  readonly signal: AbortSignal
}

/**
 * What `work` resolves with. Its signal aborts when the time is over; whoever does not heed that is no longer waited for.
 *
 * @throws what `work` throws, the reason of the signal, or that there was no answer
 */
export async function answerWithin<T>(
  { clock, limitMs, signal }: AnswerLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const late = clock.sleep(limitMs, { signal: either }).then(() => {
    throw new Error(`there was no answer within ${limitMs} ms`)
  })
  try {
    return await Promise.race([work(either), late])
  } finally {
    over.abort()
    await late.catch(() => undefined)
  }
}
