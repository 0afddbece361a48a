import { setTimeout as sleep } from 'node:timers/promises'

/** Time and chance, handed in so that tests decide about them. */
export interface GuardClock {
  /** Milliseconds since some instant. */
  now(): number
  /** Resolves after so many milliseconds. Rejects with the reason of the signal as soon as that is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** From 0 to just below 1. */
  random(): number
}

/** The real ones. */
export const systemClock: GuardClock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
  random: () => Math.random(),
}
