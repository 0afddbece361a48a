/** Lets through, or makes wait. */
export interface Gate {
  /** Resolves as soon as it is open. Rejects when the signal is aborted before. */
  open(signal: AbortSignal): Promise<void>
  close(): void
  reopen(): void
}

/** A gate that is open. */
export function createGate(): Gate {
  const waiting = new Set<() => void>()
  let shut = false
  return {
    open: async (signal) => {
      if (!shut) return
      await new Promise<void>((resolve, reject) => {
        const pass = (): void => {
          signal.removeEventListener('abort', give)
          resolve()
        }
        const give = (): void => {
          waiting.delete(pass)
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the reason is the caller's own
          reject(signal.reason)
        }
        if (signal.aborted) return give()
        waiting.add(pass)
        signal.addEventListener('abort', give, { once: true })
      })
    },
    close: () => {
      shut = true
    },
    reopen: () => {
      shut = false
      for (const pass of waiting) pass()
      waiting.clear()
    },
  }
}
