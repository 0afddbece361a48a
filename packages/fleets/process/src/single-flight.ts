/** Runs work once per key at a time; who asks meanwhile shares its outcome. */
export interface SingleFlight<T> {
  run(key: string, work: () => Promise<T>): Promise<T>
  /** Resolves once the work under `key`, or all work, is over, however it ended. */
  settled(key?: string): Promise<void>
}

/** A {@link SingleFlight} that remembers nothing of work that is over. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>()
  return {
    run(key, work) {
      const flight = flights.get(key) ?? work().finally(() => flights.delete(key))
      flights.set(key, flight)
      return flight
    },
    async settled(key) {
      const waited = [...flights].filter(([name]) => key === undefined || name === key)
      await Promise.allSettled(waited.map(([, flight]) => flight))
    },
  }
}
