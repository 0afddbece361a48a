import { EventEmitter, once } from 'node:events'

/** Requests that are on their way, by instance. */
export interface Flights {
  /** Counts a request to `id` for as long as it lasts. */
  during<T>(id: string, request: Promise<T>): Promise<T>
  count(ids: readonly string[]): number
  /** Resolves when none is left for these instances, or when `over` aborts. */
  landed(ids: readonly string[], over: AbortSignal): Promise<void>
}

export function createFlights(): Flights {
  const landings = new EventEmitter().setMaxListeners(0)
  const inFlight = new Map<string, number>()
  const add = (id: string, by: number): void => void inFlight.set(id, (inFlight.get(id) ?? 0) + by)
  const count = (ids: readonly string[]): number =>
    ids.reduce((sum, id) => sum + (inFlight.get(id) ?? 0), 0)
  return {
    count,
    async during(id, request) {
      add(id, 1)
      try {
        return await request
      } finally {
        add(id, -1)
        landings.emit('landing')
      }
    },
    async landed(ids, over) {
      while (count(ids) > 0 && !over.aborted) {
        await once(landings, 'landing', { signal: over }).catch(() => undefined)
      }
    },
  }
}
