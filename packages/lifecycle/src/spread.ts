/** Does things over a window of time, so that the clients they concern do not all come back at once. */
export interface Spread {
  /** Opens the window. What was added before waits for this. */
  readonly begin: () => void
  /** Does these evenly over what is left of the window; after its end, at once. */
  readonly add: (acts: readonly (() => void)[]) => void
  /** Closes the window: does at once what was not done yet. */
  readonly hasten: () => void
  /** Forgets what was not done yet. */
  readonly stop: () => void
}

/** The window is not open yet. */
export function createSpread(windowMs: number): Spread {
  const timers = new Map<NodeJS.Timeout, () => void>()
  const early: (() => void)[] = []
  let endsAt: number | undefined
  let lengthMs = windowMs

  function later(act: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, delayMs)
    timers.set(timer, act)
  }

  function add(acts: readonly (() => void)[]): void {
    if (endsAt === undefined) {
      early.push(...acts)
      return
    }
    const delays = delaysMs(acts.length, endsAt - performance.now())
    for (const [index, act] of acts.entries()) later(act, delays[index] ?? 0)
  }

  function stop(): void {
    for (const timer of timers.keys()) clearTimeout(timer)
    timers.clear()
  }

  return {
    begin: () => {
      endsAt ??= performance.now() + lengthMs
      add(early.splice(0))
    },
    add,
    hasten: () => {
      lengthMs = 0
      if (endsAt !== undefined) endsAt = performance.now()
      const acts = [...timers.values()]
      stop()
      for (const act of acts) act()
    },
    stop,
  }
}

/** When each of so many things is done: the first at once, none after the window. Pure. */
export function delaysMs(count: number, windowMs: number): number[] {
  return Array.from({ length: count }, (_, index) => (Math.max(0, windowMs) * index) / count)
}
