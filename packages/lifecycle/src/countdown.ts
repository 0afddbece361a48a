/** A moment that comes by itself, and can be brought forward but never put off. */
export interface Countdown {
  /** Resolves when the time is up; never, if cleared first. */
  readonly over: Promise<void>
  /** Aborted when the time is up. */
  readonly signal: AbortSignal
  /** Milliseconds left, 0 when over. */
  readonly remainingMs: () => number
  /** The time is up after at most this many milliseconds. */
  readonly shorten: (limitMs: number) => void
  /** Forgets the timer. */
  readonly clear: () => void
}

/** Starts counting now. */
export function createCountdown(limitMs: number): Countdown {
  const controller = new AbortController()
  const { signal } = controller
  let endsAt = performance.now() + limitMs
  let timer = setTimeout(expire, limitMs)

  function expire(): void {
    controller.abort()
  }

  function shorten(shorterMs: number): void {
    const sooner = performance.now() + shorterMs
    if (signal.aborted || sooner >= endsAt) return
    endsAt = sooner
    clearTimeout(timer)
    timer = setTimeout(expire, shorterMs)
  }

  return {
    over: new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    }),
    signal,
    remainingMs: () => (signal.aborted ? 0 : Math.max(0, endsAt - performance.now())),
    shorten,
    clear: () => clearTimeout(timer),
  }
}
