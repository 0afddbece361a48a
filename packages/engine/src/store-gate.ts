import { ChangeoverError, refuse } from './changeover-error.ts'

/** What every call of a store passes: it refuses late ones, waits for the others at the end, and names failures. */
export interface StoreGate {
  /** Aborts when the store closes. */
  readonly closing: AbortSignal
  /** @throws ChangeoverError that of `work`, else `CHANGEOVER_STORE_FAILED`, or `CHANGEOVER_STORE_CLOSED` */
  enter<Result>(call: string, work: () => Promise<Result>): Promise<Result>
  /** As `enter`, for a result that is read bit by bit. It fails when the store closes, rather than look complete. */
  stream<Item>(call: string, source: () => AsyncGenerator<Item>): AsyncIterable<Item>
  /** Resolves when nothing is under way any more. The same promise each time. */
  readonly close: () => Promise<void>
}

export function createStoreGate(directory: string): StoreGate {
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const streams = new Set<AsyncGenerator>()
  let closed: Promise<void> | undefined
  const admit = (call: string): void => {
    if (closed !== undefined) throw refuse('CHANGEOVER_STORE_CLOSED', { call })
  }
  const settle = async (): Promise<void> => {
    closing.abort(refuse('CHANGEOVER_STORE_CLOSED', { call: 'wait for a lock' }))
    await Promise.allSettled([
      ...running,
      ...[...streams].map((source) => source.return(undefined)),
    ])
  }
  return {
    closing: closing.signal,
    async enter(call, work) {
      admit(call)
      const result = work()
      running.add(result)
      try {
        return await result
      } catch (error) {
        throw named(error, call, directory)
      } finally {
        running.delete(result)
      }
    },
    async *stream(call, source) {
      admit(call)
      const items = source()
      streams.add(items)
      try {
        for (;;) {
          const next = await items.next()
          admit(call)
          if (next.done === true) return
          yield next.value
        }
      } catch (error) {
        throw named(error, call, directory)
      } finally {
        streams.delete(items)
        await items.return(undefined)
      }
    },
    close: () => (closed ??= settle()),
  }
}

function named(error: unknown, call: string, directory: string): unknown {
  if (error instanceof ChangeoverError) return error
  const problem = error instanceof Error ? error.message : String(error)
  return refuse('CHANGEOVER_STORE_FAILED', { call, directory, problem }, error)
}
