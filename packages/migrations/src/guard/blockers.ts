import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { Blocker } from './guard-events.ts'
import type { Session } from './connect.ts'

/** Looks at what a step waits for, while it waits: once it has given up, nobody can tell any more. */
export interface Watch {
  /** Those seen so far. */
  readonly blockers: readonly Blocker[]
  /** Whether the watch ended what waited for longer than its time. */
  readonly cancelled: boolean
  /** No look is under way after it. */
  stop(): Promise<void>
}

const GRACE_MS = 25
const FIRST_LOOK_MS = 500

/**
 * Watches the worker until it is stopped. A statement that takes several locks may wait for each as long as `lock_timeout` says:
 * what still waits when the time of the whole step is over is cancelled.
 */
export function watchWaiting({ watcher, pid }: Session, budgetMs: number): Watch {
  const seen = new Map<number, Blocker>()
  const state = { cancelled: false, stopped: false }
  let looking: Promise<void> = Promise.resolve()
  const look = (cancel: boolean): void => {
    looking = looking
      .then(async () => {
        if (state.stopped) return
        const blockers = await blockersOf(watcher, pid)
        for (const one of blockers) seen.set(one.pid, one)
        if (!cancel || blockers.length === 0 || state.stopped) return
        state.cancelled = true
        await watcher.query('select pg_cancel_backend($1)', [pid])
      })
      .catch(() => {})
  }
  // Without end there is nothing to wait for: one look tells who is in the way.
  const timers =
    budgetMs === 0
      ? [setTimeout(() => look(false), FIRST_LOOK_MS)]
      : [
          setTimeout(() => look(false), budgetMs * 0.2),
          setTimeout(() => look(false), budgetMs * 0.6),
          setTimeout(() => look(true), budgetMs + GRACE_MS),
        ]
  return {
    get blockers() {
      return [...seen.values()]
    },
    get cancelled() {
      return state.cancelled
    },
    stop: async () => {
      state.stopped = true
      timers.forEach((timer) => clearTimeout(timer))
      await looking
    },
  }
}

async function blockersOf(client: GuardClient, pid: number): Promise<Blocker[]> {
  return rowsOf(
    client,
    `select pid, application_name as application, left(query, 200) as query,
     coalesce(extract(epoch from clock_timestamp() - xact_start) * 1000, 0)::float8 as "ageMs"
     from pg_stat_activity where pid = any (pg_blocking_pids($1))`,
    [pid],
  )
}

/** For messages. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  const texts = blockers.map(
    ({ pid, application, query, ageMs }) =>
      `process ${pid} (${application || 'no application_name'}, transaction open for ${Math.round(ageMs)} ms, "${query}")`,
  )
  return texts.join('; ') || 'nobody who was seen'
}
