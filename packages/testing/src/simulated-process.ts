import type { Clock } from '@changeover/engine'
import type { VirtualClock } from './virtual-clock.ts'

/** When a simulated process stops running. Points are numbered from 1: one before and one after each call to a port. */
export interface ProcessFate {
  /** The point at which it dies. */
  readonly diesAt?: number
  /** The point at which it is suspended, and for how long in milliseconds; it goes on as if nothing had been. */
  readonly stallsAt?: number
  readonly stallMs?: number
  /** How far its clock is ahead, in milliseconds. */
  readonly aheadMs?: number
}

/** A process that an engine runs in: it can die or stall at any call that leaves it. */
export interface SimulatedProcess {
  readonly clock: Clock
  /** The port as the process sees it: each of these calls passes a point on its way there, and one on its way back. */
  readonly through: <Port extends object>(port: Port, calls: readonly (keyof Port)[]) => Port
  /** Lets nothing leave or enter it any more. */
  readonly die: () => void
  /** Resolves when it died or stalled: nobody outside can tell which. */
  readonly silent: Promise<void>
  /** Points passed so far. */
  readonly points: () => number
}

export function simulatedProcess(clock: VirtualClock, fate: ProcessFate): SimulatedProcess {
  const { diesAt, stallsAt, stallMs = 0, aheadMs = 0 } = fate
  let points = 0
  let dead = false
  let awake: Promise<void> | undefined
  const { settled: silent, settle: fallSilent } = signalOnce()

  function die(): void {
    dead = true
    fallSilent()
  }

  /** Lets the living through. Nothing that a dead process waits for ever comes. */
  async function pass(): Promise<void> {
    points += 1
    if (points === diesAt) die()
    if (points === stallsAt) {
      awake = clock.sleep(stallMs).then(() => {
        awake = undefined
      })
      fallSilent()
    }
    await whileRunning()
  }

  async function whileRunning(): Promise<void> {
    if (awake) await awake
    if (dead) await new Promise(() => undefined)
  }

  const guard =
    (call: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      await pass()
      const answered = call(...args)
      // It is looked at below, and a process that died in between never looks.
      await answered.catch(() => undefined)
      await pass()
      return answered
    }

  return {
    die,
    silent,
    points: () => points,
    clock: {
      now: () => clock.now() + aheadMs,
      async sleep(ms, options) {
        const [slept] = await Promise.allSettled([clock.sleep(ms, options)])
        await whileRunning()
        if (slept.status === 'rejected') throw slept.reason
      },
    },
    through(port, calls) {
      const guarded = calls.map((name) => {
        const call: unknown = port[name]
        return [
          name,
          typeof call === 'function' ? guard((...args) => call.apply(port, args)) : call,
        ]
      })
      return { ...port, ...Object.fromEntries(guarded) }
    },
  }
}

function signalOnce(): { readonly settled: Promise<void>; readonly settle: () => void } {
  const quiet = new AbortController()
  const settled = new Promise<void>((resolve) => {
    quiet.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { settled, settle: () => quiet.abort('silent') }
}
