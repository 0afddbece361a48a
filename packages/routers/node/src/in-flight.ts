/** The requests that one instance is answering. Counted in place: it is touched twice per request. */
export interface InFlightCount {
  readonly instance: string
  active: number
  /** Those of them that are upgraded or otherwise endless. */
  longLived: number
  /** Whether the table in force sends it new requests. */
  routed: boolean
}

/** Exact counts of the requests in flight, per instance of one service. */
export interface InFlight {
  /** Requests in flight over all instances. */
  readonly active: number
  /** The count of an instance: one and the same object for as long as it is routed or busy. */
  of(instance: string): InFlightCount
  enter(count: InFlightCount): void
  leave(count: InFlightCount): void
  /** States which instances get new requests from now on. */
  route(instances: ReadonlySet<string>): void
  /** What is left over `instances`; `idle` where none of them is busy or routed. */
  left(instances: readonly string[]): InFlightLeft
  /** Calls `listener` whenever an instance became idle or a table changed, until unsubscribed. */
  watch(listener: () => void): () => void
}

export interface InFlightLeft {
  readonly idle: boolean
  readonly active: number
  readonly longLived: number
}

/** Starts counting at zero. */
export function inFlightCounts(): InFlight {
  const counts = new Map<string, InFlightCount>()
  const listeners = new Set<() => void>()
  let active = 0

  const of = (instance: string): InFlightCount => {
    const known = counts.get(instance)
    if (known) return known
    const count = { instance, active: 0, longLived: 0, routed: false }
    counts.set(instance, count)
    return count
  }

  const notify = (): void => {
    for (const listener of listeners) listener()
  }

  return {
    get active() {
      return active
    },
    of,
    enter(count) {
      active += 1
      count.active += 1
    },
    leave(count) {
      active -= 1
      count.active -= 1
      if (count.active > 0) return
      if (!count.routed) counts.delete(count.instance)
      notify()
    },
    route(instances) {
      for (const instance of instances) of(instance)
      for (const count of counts.values()) {
        count.routed = instances.has(count.instance)
        if (!count.routed && count.active === 0) counts.delete(count.instance)
      }
      notify()
    },
    left: (instances) => leftOver(instances.map((id) => counts.get(id))),
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function leftOver(counts: readonly (InFlightCount | undefined)[]): InFlightLeft {
  const left = { idle: true, active: 0, longLived: 0 }
  for (const count of counts) {
    if (!count) continue
    left.active += count.active
    left.longLived += count.longLived
    if (count.routed || count.active > 0) left.idle = false
  }
  return left
}
