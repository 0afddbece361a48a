/** Does things over a window of time, so that the clients they concern do not all come back at once. */
export interface Spread {
  /** Opens the window. What was added before waits for this. */
  readonly begin: () => void
  /** Does these evenly over what is left of the window; after its end, at once. */
  readonly add: (acts: readonly (() => void)[]) => void
  /** Forgets what was not done yet. */
  readonly stop: () => void
}

/** The window is not open yet. */
export function createSpread(windowMs: number): Spread {
  const timers = new Set<NodeJS.Timeout>()
  const early: (() => void)[] = []
  let endsAt: number | undefined

  function later(act: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, delayMs)
    timers.add(timer)
  }

  function add(acts: readonly (() => void)[]): void {
    if (endsAt === undefined) {
      early.push(...acts)
      return
    }
    const delays = delaysMs(acts.length, endsAt - performance.now())
    for (const [index, act] of acts.entries()) later(act, delays[index] ?? 0)
  }

  return {
    begin: () => {
      endsAt ??= performance.now() + windowMs
      add(early.splice(0))
    },
    add,
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}

/** When each of so many things is done: the first at once, none after the window. Pure. */
export function delaysMs(count: number, windowMs: number): number[] {
  return Array.from({ length: count }, (_, index) => (Math.max(0, windowMs) * index) / count)
}
