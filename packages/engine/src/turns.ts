/** Lets calls about the same thing wait for each other, in the order in which they came. */
export interface Turns {
  take<Result>(about: string, work: () => Promise<Result>): Promise<Result>
  /** Whether somebody has the turn, so that whoever can do without does not wait. */
  busy(about: string): boolean
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    take(about, work) {
      const before = last.get(about) ?? Promise.resolve()
      const mine = before.then(work, work)
      last.set(about, mine)
      const forget = (): void => {
        if (last.get(about) === mine) last.delete(about)
      }
      mine.then(forget, forget)
      return mine
    },
    busy: (about) => last.has(about),
  }
}
