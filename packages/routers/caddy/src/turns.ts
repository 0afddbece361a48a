/** Runs one piece of work after the other, in the order in which they were asked for. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

export function turns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
