/** Time as the engine sees it; a virtual one makes hours pass in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch. Never goes back within one process. */
  now(): number
  /**
   * Resolves after `ms` milliseconds; rejects with the signal's reason when that aborts first.
   * `sleep(0)` resolves when everything that is already under way at this instant has had its turn.
   */
  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>
}
