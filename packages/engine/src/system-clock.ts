import type { Clock } from './clock.ts'
import { onAbort } from './on-abort.ts'

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** The machine's own time. Timers keep the process alive only while someone waits for them. */
export function systemClock(): Clock {
  let latest = 0
  // The machine's clock may be set back while we run; the port promises that ours never goes back.
  const now = (): number => (latest = Math.max(latest, Date.now()))
  return { now, sleep }
}

async function sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  if (ms <= 0) return nextTurn(signal)
  for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) {
    await delay(Math.min(left, LONGEST_TIMER_MS), signal)
  }
}

async function nextTurn(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  signal?.throwIfAborted()
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      forget()
      settle()
    }
    const timer = setTimeout(() => end(resolve), ms)
    const forget = onAbort(signal, () => end(() => reject(signal?.reason)))
  })
}
