import { loadFlights } from './load-flights.ts'
import type { LoadSettings } from './load-options.ts'
import { loadTally, type LoadReport } from './load-report.ts'
import { dueAtMs, dueCount, totalCount } from './load-schedule.ts'

/** Sends at the pace, wakes for deadlines, and knows when all is over. */
export interface Pacer {
  readonly finished: Promise<LoadReport>
  report(): LoadReport
  /** Sends what is due by now, and nothing after it. */
  stop(): void
  /** Sends nothing more and abandons what is on its way. */
  close(): void
}

/** At most 500 wake-ups a second, each sending all that is due. */
const shortestSleepMs = 2
/** Far below the limit of a timer, and far too rare to matter. */
const longestSleepMs = 60_000

/** Starts now: request 0 is due at once. */
export function startPacer(settings: LoadSettings, runId: string): Pacer {
  const { rate } = settings
  const startedAt = performance.now()
  let next = 0
  let limit = totalCount(settings.durationMs, rate)
  let timer: NodeJS.Timeout | undefined
  let endedMs: number | undefined
  let resolve: (report: Promise<LoadReport>) => void
  const finished = new Promise<LoadReport>((settle) => (resolve = settle))

  const now = (): number => performance.now() - startedAt
  const over = (): boolean => next >= limit && flights.nextDeadlineMs() === Number.POSITIVE_INFINITY
  const end = (): void => {
    if (endedMs !== undefined || !over()) return
    clearTimeout(timer)
    endedMs = now()
    resolve(flights.close().then(report))
  }
  const tally = loadTally({ runId, rate })
  const flights = loadFlights({ settings, runId, tally, now, landed: end })

  const scheduled = (): number => Math.min(limit, dueCount(now(), rate))
  const report = (): LoadReport =>
    tally.report({ elapsedMs: endedMs ?? now(), scheduled: scheduled(), open: flights.open() })

  const sendDue = (): void => {
    const due = scheduled()
    while (next < Math.min(due, limit)) {
      const n = next
      next += 1
      flights.send({ n, dueMs: dueAtMs(n, rate) })
    }
  }
  const tick = (): void => {
    sendDue()
    flights.expire()
    end()
    sleep()
  }
  const sleep = (): void => {
    clearTimeout(timer)
    if (endedMs !== undefined) return
    const dueMs = next < limit ? dueAtMs(next, rate) : Number.POSITIVE_INFINITY
    const waitMs = Math.ceil(Math.min(dueMs, flights.nextDeadlineMs()) - now())
    timer = setTimeout(tick, Math.min(longestSleepMs, Math.max(shortestSleepMs, waitMs)))
  }
  sleep()

  return {
    finished,
    report,
    stop() {
      limit = Math.min(limit, scheduled())
      tick()
    },
    close() {
      limit = next
      flights.abandon()
    },
  }
}
