import type { RunContext } from './run-context.ts'

/** Ends what the worker does once the run is aborted. */
export interface Cancelling {
  /** Whether anything was ended. */
  readonly cancelled: boolean
  /** Nothing is ended after it. */
  stop(): Promise<void>
}

const AGAIN_MS = 100

/** A cancel that arrives between two statements ends neither: it is sent again until it is stopped. */
export function cancelOnAbort({
  session,
  signal,
}: Pick<RunContext, 'session' | 'signal'>): Cancelling {
  const state = { cancelled: false, stopped: false }
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<unknown> = Promise.resolve()
  const send = (): void => {
    if (state.stopped) return
    state.cancelled = true
    sending = session.watcher
      .query('select pg_cancel_backend($1)', [session.pid])
      .catch(() => {})
      .then(() => {
        if (!state.stopped) timer = setTimeout(send, AGAIN_MS)
      })
  }
  signal?.addEventListener('abort', send, { once: true })
  return {
    get cancelled() {
      return state.cancelled
    },
    stop: async () => {
      state.stopped = true
      signal?.removeEventListener('abort', send)
      clearTimeout(timer)
      await sending
    },
  }
}
