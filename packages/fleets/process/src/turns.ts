/** Does one work after another, in the order in which they were asked for; each answers its own caller. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** {@link Turns} in which nothing was asked for yet. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
