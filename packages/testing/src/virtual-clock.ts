import { type Clock, onAbort } from '@changeover/engine'
import TinyQueue from 'tinyqueue'
import { testingError } from './testing-error.ts'

/** A clock whose time passes only when nothing is left to do: hours take milliseconds, and every run is the same. */
export interface VirtualClock extends Clock {
  /** Lets time pass from timer to timer until `goal` settles, and settles alike. */
  run<T>(goal: Promise<T>): Promise<T>
  /** Lets `ms` milliseconds pass, with everything that falls due meanwhile. */
  advance(ms: number): Promise<void>
  /** Sleepers that nobody has woken or aborted: 0 where nothing was left behind. */
  readonly sleepers: number
}

interface Sleeper {
  readonly at: number
  /** Those who sleep for no time come last at their instant. */
  readonly last: boolean
  readonly order: number
  awake: boolean
  wake: () => void
}

/** Turns of the event loop without any progress after which a run counts as stuck. */
const STUCK_AFTER_TURNS = 1_000

/** How often time moves on before the event loop, which others wait for, gets its turn. */
const WAKES_PER_TURN = 64

/**
 * Creates a virtual clock that begins at `startAt` (milliseconds since the epoch).
 *
 * @example
 * ```ts
 * const clock = virtualClock()
 * await clock.run(clock.sleep(3_600_000)) // an hour later
 * ```
 */
export function virtualClock(startAt = 0): VirtualClock {
  const beds = dormitory(startAt)
  return {
    now: () => beds.now,
    sleep: (ms, { signal } = {}) => beds.sleep(ms, signal),
    run: (goal) => runUntilSettled(beds, goal),
    async advance(ms) {
      const until = beds.now + ms
      do await turn()
      while (beds.wakeNext(until))
      beds.now = until
    },
    get sleepers() {
      return beds.sleepers
    },
  }
}

/** Everyone who sleeps, and the time. */
interface Dormitory {
  now: number
  readonly sleepers: number
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>
  /** Wakes everyone who is due first, up to `limit`; false where nobody is. */
  wakeNext(limit: number): boolean
}

function dormitory(startAt: number): Dormitory {
  const queue = new TinyQueue<Sleeper>([], compare)
  let order = 0
  let sleepers = 0

  function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        sleeper.awake = true
        sleepers -= 1
        forget()
        settle()
      }
      const at = beds.now + Math.max(0, ms)
      const wake = (): void => end(resolve)
      const sleeper: Sleeper = { at, last: ms <= 0, order: (order += 1), awake: false, wake }
      sleepers += 1
      const forget = onAbort(signal, () => end(() => reject(signal?.reason)))
      if (Number.isFinite(at)) queue.push(sleeper)
    })
  }

  function wakeNext(limit: number): boolean {
    const first = nextAsleep()
    if (!first || first.at > limit) return false
    beds.now = Math.max(beds.now, first.at)
    for (let due = nextAsleep(); due && compare(due, { ...first, order: due.order }) <= 0;) {
      queue.pop()
      due.wake()
      due = nextAsleep()
    }
    return true
  }

  function nextAsleep(): Sleeper | undefined {
    while (queue.peek()?.awake) queue.pop()
    return queue.peek()
  }

  const beds = {
    now: startAt,
    sleep,
    wakeNext,
    get sleepers() {
      return sleepers
    },
  }
  return beds
}

async function runUntilSettled<T>(beds: Dormitory, goal: Promise<T>): Promise<T> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  goal.then(settle, settle)
  for (let idle = 0, wakes = 0; idle < STUCK_AFTER_TURNS; idle += 1) {
    await (idle > 0 || wakes % WAKES_PER_TURN === 0 ? turn() : breath())
    if (settled) return goal
    if (!beds.wakeNext(Infinity)) continue
    idle = -1
    wakes += 1
  }
  throw testingError('CHANGEOVER_CLOCK_STUCK')
}

function compare(a: Sleeper, b: Sleeper): number {
  return a.at - b.at || Number(a.last) - Number(b.last) || a.order - b.order
}

/** The end of the queue of promises: every one that can go on without I/O has gone on. Far cheaper than a turn. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}

/** One turn of the event loop: whatever else the process has to do is done too. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
