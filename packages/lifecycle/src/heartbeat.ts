/** Memory that two threads share: when the main loop last turned, and whether that matters. */
export interface Heartbeat {
  readonly memory: SharedArrayBuffer
  /** The loop turned. */
  readonly beat: () => void
  /** How long it has not turned, in milliseconds. */
  readonly ageMs: () => number
  /** Whether a loop that does not turn is stuck. Not so during start-up, which may compute for long, nor in a drain. */
  readonly watch: (on: boolean) => void
  readonly watched: () => boolean
}

const memoryBytes = 16
const nanosPerMs = 1_000_000n

/** A heartbeat, or the view of another thread's. */
export function createHeartbeat(
  memory: SharedArrayBuffer = new SharedArrayBuffer(memoryBytes),
): Heartbeat {
  const cells = new BigInt64Array(memory)
  return {
    memory,
    // Of the monotonic clock that all threads have in common, unlike performance.now().
    beat: () => void Atomics.store(cells, 0, process.hrtime.bigint()),
    ageMs: () => Number((process.hrtime.bigint() - Atomics.load(cells, 0)) / nanosPerMs),
    watch: (on) => void Atomics.store(cells, 1, on ? 1n : 0n),
    watched: () => Atomics.load(cells, 1) === 1n,
  }
}
