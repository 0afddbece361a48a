import { onAbort } from '@changeover/engine'

/** Work that ends when its owner is closed. */
export interface Closable {
  /** Runs `work` with a signal that aborts on close, with `signal`, and after `timeoutMs`. */
  run<T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Aborts all work and waits for its end. The same promise each time. */
  close(): Promise<void>
}

/** Keeps account of what is under way. Aborting `signal` is `close()`. */
export function createClosable(signal: AbortSignal | undefined): Closable {
  const closed = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed.abort()
    return (closing ??= Promise.allSettled(underWay).then(() => undefined))
  }
  if (signal?.aborted === true) void close()
  const forget = onAbort(signal, () => void close())
  onAbort(closed.signal, forget)
  return {
    async run(work, also) {
      const both = joinSignals([closed.signal, also])
      const running = work(both.signal)
      underWay.add(running)
      return running.finally(() => {
        both.forget()
        underWay.delete(running)
      })
    },
    close,
  }
}

/** A signal that aborts with the first of `signals`, until it is forgotten. */
function joinSignals(signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal
  forget(): void
} {
  const joined = new AbortController()
  const forgets = signals.map((signal) => {
    if (signal?.aborted === true) joined.abort(signal.reason)
    return onAbort(signal, () => joined.abort(signal?.reason))
  })
  return { signal: joined.signal, forget: () => forgets.forEach((forget) => forget()) }
}

/** Runs `work` with a signal that also aborts after `ms`; `late()` tells whether it did. */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(new Error(`no answer within ${ms} ms`)), ms)
  const both = joinSignals([signal, timeout.signal])
  try {
    return await work(both.signal)
  } catch (error) {
    throw timeout.signal.aborted ? timeout.signal.reason : error
  } finally {
    clearTimeout(timer)
    both.forget()
  }
}
