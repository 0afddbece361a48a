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
  /** Requests in flight over all instances, upgraded connections apart. */
  readonly active: number
  /** Upgraded connections over all instances. */
  readonly upgraded: number
  /** The count of an instance: one and the same object for as long as it is routed or busy. */
  of(instance: string): InFlightCount
  enter(count: InFlightCount): void
  leave(count: InFlightCount): void
  /** A copy of a request is on its way, until the function returned is called. It takes no room from requests. */
  enterCopy(count: InFlightCount): () => void
  /** A request in flight has become an upgraded connection, until the function returned is called; then it leaves. */
  upgrade(count: InFlightCount): () => void
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
  let upgraded = 0

  const notify = (): void => {
    for (const listener of listeners) listener()
  }

  const left = (count: InFlightCount): void => {
    count.active -= 1
    if (count.active > 0) return
    if (!count.routed) counts.delete(count.instance)
    notify()
  }

  return {
    get active() {
      return active
    },
    get upgraded() {
      return upgraded
    },
    of: (instance) => countOf(counts, instance),
    enter(count) {
      active += 1
      count.active += 1
    },
    leave(count) {
      active -= 1
      left(count)
    },
    enterCopy(count) {
      count.active += 1
      return () => left(count)
    },
    upgrade(count) {
      active -= 1
      upgraded += 1
      count.longLived += 1
      return () => {
        upgraded -= 1
        count.longLived -= 1
        left(count)
      }
    },
    route(instances) {
      reroute(counts, instances)
      notify()
    },
    left: (instances) => leftOver(instances.map((id) => counts.get(id))),
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function countOf(counts: Map<string, InFlightCount>, instance: string): InFlightCount {
  const known = counts.get(instance)
  if (known) return known
  const count = { instance, active: 0, longLived: 0, routed: false }
  counts.set(instance, count)
  return count
}

/** Forgets those that are neither routed nor busy any more. */
function reroute(counts: Map<string, InFlightCount>, instances: ReadonlySet<string>): void {
  for (const instance of instances) countOf(counts, instance)
  for (const count of counts.values()) {
    count.routed = instances.has(count.instance)
    if (!count.routed && count.active === 0) counts.delete(count.instance)
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
