import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import type { Logger } from './logger.ts'

/** Background work that a drain waits for. */
export interface Tracker {
  /** Work that runs until the promise settles; the promise is handed back. */
  trackPromise: <T extends PromiseLike<unknown>>(work: T) => T
  /** Work that runs until the returned function is called. */
  trackName: (name: string) => () => void
  /** Resolves once nothing runs. */
  idle: () => Promise<void>
  /** Names of what runs now; unnamed promises are called `promise`. */
  running: () => string[]
  /** How much work ended so far. */
  ended: () => number
}

/** Nothing is tracked yet. */
export function createTracker(logger: Logger): Tracker {
  const work = new Set<{ name: string }>()
  const waiting: (() => void)[] = []
  let ended = 0

  function trackName(name: string): () => void {
    const entry = { name }
    work.add(entry)
    return () => {
      if (!work.delete(entry)) return
      ended += 1
      if (work.size === 0) for (const resolve of waiting.splice(0)) resolve()
    }
  }

  function trackPromise<T extends PromiseLike<unknown>>(promise: T): T {
    const done = trackName('promise')
    // Looking at the promise counts as handling it, so its error would vanish if it were not said here.
    promise.then(done, (error: unknown) => {
      logger.error({ err: error }, 'tracked work failed')
      done()
    })
    return promise
  }

  async function idle(): Promise<void> {
    while (work.size > 0) await new Promise<void>((resolve) => waiting.push(resolve))
  }

  return {
    trackName,
    trackPromise,
    idle,
    running: () => [...work].map(({ name }) => name),
    ended: () => ended,
  }
}

/** See `Lifecycle.track`. */
export interface Track {
  <T extends PromiseLike<unknown>>(work: T): T
  (name: string): () => void
}

/** One function for both kinds of work. */
export function createTrack(tracker: Tracker): Track {
  function track(work: string): () => void
  function track<T extends PromiseLike<unknown>>(work: T): T
  function track(work: unknown): unknown {
    if (typeof work === 'string' && work !== '') return tracker.trackName(work)
    if (isPromise(work)) return tracker.trackPromise(work)
    throw invalidWork(work)
  }
  return track
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
  )
}

function invalidWork(value: unknown): LifecycleError {
  return refuse('CHANGEOVER_LIFECYCLE_WORK_INVALID', {
    value: JSON.stringify(value) ?? typeof value,
  })
}
