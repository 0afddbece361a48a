/** Something that happens at most once, and that others wait for. */
export interface Occurrence {
  /** Resolves when it happens. */
  readonly happened: Promise<void>
  /** Makes it happen. Idempotent. */
  readonly happen: () => void
}

/** Has not happened yet. */
export function createOccurrence(): Occurrence {
  const controller = new AbortController()
  const happened = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { happened, happen: () => controller.abort() }
}
