import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ENTRY_CHANNEL, type Store, type Unsubscribe } from '@changeover/engine'

/**
 * Calls `listener` with the rollout whose journal has grown: told by the engines of this process, and by the store where
 * engines elsewhere share it.
 */
export function onChange(store: Store, listener: (rollout: string) => void): Unsubscribe {
  const heard = (entry: unknown): void => {
    if (isOfRollout(entry)) listener(entry.rollout)
  }
  subscribe(ENTRY_CHANNEL, heard)
  const unwatch = store.watch?.(({ rollout }) => listener(rollout))
  return () => {
    unsubscribe(ENTRY_CHANNEL, heard)
    unwatch?.()
  }
}

/** How long to wait at most where the store tells of no change by itself, in milliseconds. */
const LONGEST_WAIT_MS = 1_000

/** Resolves soon after the journal of the rollout may have grown, and when `signal` aborts. */
export function nextChange(store: Store, rollout: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      stop()
      resolve()
    }
    const stop = onChange(store, (changed) => {
      if (changed === rollout) done()
    })
    const timer = setTimeout(done, LONGEST_WAIT_MS)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

function isOfRollout(entry: unknown): entry is { readonly rollout: string } {
  return typeof entry === 'object' && entry !== null && 'rollout' in entry
}
