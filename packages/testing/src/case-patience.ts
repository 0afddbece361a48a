import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { type Duration, toMs } from '@changeover/engine'

/** Longer than any test lasts: what ends by this deadline has not ended in time. */
export const ENDLESS_MS = 3_600_000

/** Time in which something could happen that must not. */
const WHILE_MS = 100

/** How a suite waits for a subject. */
export interface Patience {
  readonly ms: number
  /** `work`, or a failure in words where it hangs; a runner's own time limit would not say what hung. */
  readonly soon: <T>(what: string, work: Promise<T>) => Promise<T>
  /** Looks again and again until `look` finds something, for what has no event to wait for. */
  readonly eventually: <T>(what: string, look: () => Promise<T | false | undefined>) => Promise<T>
}

/** Gives up after `limit`: far longer than anything takes, so that no busy machine fails a test. */
export function patience(limit: Duration): Patience {
  const ms = toMs(limit, 'patience')
  const inVain = (what: string): string => `waited ${ms} ms in vain: ${what}`
  return {
    ms,
    async soon(what, work) {
      const over = new AbortController()
      const late = delay(ms, undefined, over).then(() => assert.fail(inVain(what)))
      late.catch(() => undefined)
      try {
        return await Promise.race([work, late])
      } finally {
        over.abort()
      }
    },
    async eventually(what, look) {
      const until = performance.now() + ms
      for (;;) {
        const found = await look()
        if (found !== false && found !== undefined) return found
        assert.ok(performance.now() < until, inVain(what))
        await delay(20)
      }
    },
  }
}

/** Gives what must not happen the time to happen. */
export function aWhile(): Promise<void> {
  return delay(WHILE_MS)
}

/** Work under way, whose end is looked at later. */
export interface Underway<T> {
  readonly result: Promise<T>
  /** Whether it has ended. */
  readonly done: () => boolean
}

/** Watches `work`. A failure waits until somebody asks for the result. */
export function underway<T>(work: Promise<T>): Underway<T> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  work.then(end, end)
  return { result: work, done: () => ended }
}
