import { setMaxListeners } from 'node:events'

/** Tasks that live and die together: the first failure ends them all, and nobody leaves before the last has ended. */
export interface TaskGroup {
  /** Aborts when the group is cancelled or one of its tasks failed. */
  readonly signal: AbortSignal
  run(task: () => Promise<void>): void
  /** Resolves with `until`; rejects as soon as a task has failed or the group's signal aborts. */
  race(until: Promise<void>): Promise<void>
  /** Resolves when all tasks have ended, and ends the group: its signal aborts. @throws the first failure */
  settle(): Promise<void>
  /** Aborts the tasks and resolves when the last has ended. Does not throw. */
  cancel(reason: unknown): Promise<void>
}

export function taskGroup(parent: AbortSignal): TaskGroup {
  const own = new AbortController()
  const signal = AbortSignal.any([parent, own.signal])
  // Thousands of tasks listen to it; that is no leak.
  setMaxListeners(0, signal)
  const tasks = new Set<Promise<void>>()
  const failed = new Promise<never>((_, reject) => {
    const fail = (): void => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
  // Handled by race() or settle(); a group that nobody waits for must not crash the process.
  failed.catch(() => undefined)

  const ended = async (): Promise<void> => {
    while (tasks.size > 0) await Promise.all(tasks)
  }

  return {
    signal,
    run(task) {
      const guarded = task().catch((error: unknown) => own.abort(error))
      const tracked = guarded.finally(() => tasks.delete(tracked))
      tasks.add(tracked)
    },
    race: (until) => Promise.race([until, failed]),
    async settle() {
      await ended()
      signal.throwIfAborted()
      // Lets go of the listeners: Node keeps a composite signal that has some for as long as it has not aborted.
      own.abort('over')
    },
    async cancel(reason) {
      own.abort(reason)
      await ended()
    },
  }
}
