import { refuse } from '@changeover/engine'

/** What every call of the store passes: late ones are refused, and closing waits for the others. */
export interface Gate {
  /** Aborts when the store closes. */
  readonly closing: AbortSignal
  /** @throws ChangeoverError `CHANGEOVER_STORE_CLOSED` */
  enter<Result>(call: string, work: () => Promise<Result>): Promise<Result>
  /** For a result that is read bit by bit: it fails when the store closes, rather than look complete. */
  stream<Item>(call: string, source: () => AsyncIterable<Item>): AsyncGenerator<Item>
  /** Resolves when nothing is under way any more and `last` is done. The same promise each time. */
  readonly close: () => Promise<void>
}

/** A gate that does `last` when all calls have ended. */
export function createGate(last: () => Promise<void>): Gate {
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined
  const admit = (call: string): void => {
    if (closed !== undefined) throw refuse('CHANGEOVER_STORE_CLOSED', { call })
  }
  const settle = async (): Promise<void> => {
    closing.abort(refuse('CHANGEOVER_STORE_CLOSED', { call: 'wait for the database' }))
    await Promise.allSettled(running)
    await last()
  }
  return {
    closing: closing.signal,
    async enter(call, work) {
      admit(call)
      const result = work()
      running.add(result)
      try {
        return await result
      } finally {
        running.delete(result)
      }
    },
    async *stream(call, source) {
      admit(call)
      for await (const item of source()) {
        admit(call)
        yield item
      }
      admit(call)
    },
    close: () => (closed ??= settle()),
  }
}
