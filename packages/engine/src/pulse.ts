/** Lets many wait until something has changed, without missing a change between looking and waiting. */
export interface Pulse {
  /** How often it has beaten. */
  readonly count: number
  beat(): void
  /** Resolves as soon as `count` is above `seen`. */
  after(seen: number): Promise<void>
}

export function createPulse(): Pulse {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    get count() {
      return count
    },
    beat() {
      count += 1
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
    after: (seen) =>
      count > seen ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  }
}
