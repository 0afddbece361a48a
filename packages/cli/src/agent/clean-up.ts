/** What is to be ended, in the opposite order of how it was begun. */
export interface CleanUp {
  /** Remembers how to end something that was begun. */
  add(end: () => Promise<unknown> | void): void
  /** Ends all; one that fails keeps none of the others. Calling it again gives the same promise. */
  run(): Promise<void>
}

export function createCleanUp(onFailure: (error: unknown) => void): CleanUp {
  const ends: (() => Promise<unknown> | void)[] = []
  const endAll = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      try {
        await end()
      } catch (error) {
        onFailure(error)
      }
    }
  }
  let running: Promise<void> | undefined
  return { add: (end) => void ends.push(end), run: () => (running ??= endAll()) }
}
