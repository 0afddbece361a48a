import { onAbort } from '@changeover/engine'

/** What ends a call early. */
export interface CallLimit {
  readonly signal: AbortSignal
  /** Whether it was the time that ended it. */
  readonly isLate: () => boolean
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Does `work` under a signal that aborts after `ms`, or with the first of `sources`. Leaves nothing behind: signals composed by
 * `AbortSignal.any` and `AbortSignal.timeout` would stay with sources that live as long as the program.
 */
export async function withinLimit<Result>(
  ms: number,
  sources: readonly (AbortSignal | undefined)[],
  work: (limit: CallLimit) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  const { signal } = controller
  let late = false
  const timer = setTimeout(
    () => {
      late = true
      controller.abort(new Error('no answer in time'))
    },
    Math.min(ms, LONGEST_TIMER_MS),
  )
  const forgets = sources.map((source) => {
    if (source?.aborted) controller.abort(source.reason)
    return onAbort(source, () => controller.abort(source?.reason))
  })
  try {
    return await work({ signal, isLate: () => late })
  } finally {
    clearTimeout(timer)
    for (const forget of forgets) forget()
  }
}
