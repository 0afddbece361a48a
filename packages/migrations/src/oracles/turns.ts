import type { OracleSession } from './schema-oracle.ts'

/** Sessions that take turns, because there is one place for them. */
export interface Turns {
  /** Waits for its turn, and opens; `done` gives the turn on. */
  take(
    signal: AbortSignal | undefined,
    open: (done: () => void) => Promise<OracleSession>,
  ): Promise<OracleSession>
  /** Closes the session that is open. */
  close(): Promise<void>
}

/** One session at a time: the next one opens when the last one is closed. */
export function oneAtATime(): Turns {
  let last: Promise<void> = Promise.resolve()
  let current: OracleSession | undefined
  let closed = false
  return {
    take: async (signal, open) => {
      const before = last
      let done = noTurn
      const given = new Promise<void>((resolve) => {
        done = resolve
      })
      last = before.then(() => given)
      try {
        await before
        signal?.throwIfAborted()
        if (closed) throw new Error('The oracle is closed.')
        current = await open(done)
        return current
      } catch (error) {
        done()
        throw error
      }
    },
    close: async () => {
      closed = true
      await current?.close()
    },
  }
}

function noTurn(): void {}
