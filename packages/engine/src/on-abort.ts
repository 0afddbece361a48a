const watchers = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `listener` when `signal` aborts, until the returned function is called. A signal that has aborted already calls
 * nobody: look first. Listeners must not throw.
 *
 * One event listener serves any number of watchers: adding to an `AbortSignal` walks all listeners that it has, which
 * makes ten thousand sleepers on one signal quadratic.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => undefined
  const known = watchers.get(signal) ?? watch(signal)
  known.add(listener)
  return () => known.delete(listener)
}

function watch(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>()
  watchers.set(signal, listeners)
  signal.addEventListener('abort', () => listeners.forEach((listener) => listener()), {
    once: true,
  })
  return listeners
}
