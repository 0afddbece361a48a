import { latencyHistogram, type Latency } from './latency-histogram.ts'
import { failureClasses, type Failure, type FailureClass } from './request-outcome.ts'
import { requestId } from './load-schedule.ts'

/** One dropped request. */
export interface LoadFailure extends Failure {
  readonly n: number
  /** Its `x-request-id`. */
  readonly id: string
  /** When it was due, in milliseconds after the start. */
  readonly dueMs: number
  /** The release that answered, if the answer named one. */
  readonly release?: string
}

/** What became of the requests. `sent = answered + dropped + abandoned + inFlight`. */
export interface LoadReport {
  /** First half of every request id of this run. */
  readonly runId: string
  /** Requests per second asked for. */
  readonly rate: number
  /** Milliseconds from the start to this report, or to the end of the run. */
  readonly elapsedMs: number
  /** Requests that were due. More than `sent` only while the generator itself is behind. */
  readonly scheduled: number
  /** Requests that were sent, each exactly once. */
  readonly sent: number
  /** Requests with a complete, right answer. */
  readonly answered: number
  /** Requests that ended in any other way. */
  readonly dropped: number
  /** Requests that `close()` or the signal cut off: neither answered nor dropped. */
  readonly abandoned: number
  /** Requests still waiting; 0 at the end. */
  readonly inFlight: number
  /** The dropped requests by class; every class is there, at 0 if need be. */
  readonly byClass: Readonly<Record<FailureClass, number>>
  /** The answered requests by release; answers that name none are left out. */
  readonly byRelease: Readonly<Record<string, number>>
  /** From the instant a request was due to the end of its answer; answered requests only. */
  readonly latency: Latency
  /** From the instant a request was due until the generator sent it: its own share of `latency`. */
  readonly lag: Latency
  /** The first 100 dropped requests. */
  readonly failures: readonly LoadFailure[]
  /** Numbers of all requests without a right answer: dropped, abandoned or still in flight. */
  readonly unanswered: readonly number[]
}

const keptFailures = 100

/** What the counters need to know about the run. */
export interface TallyRun {
  readonly runId: string
  readonly rate: number
}

/** One request as the counters see it. */
export interface TallyRequest {
  readonly n: number
  readonly dueMs: number
}

/** The part of a report that only the pacer and the open flights know. */
export interface LiveCounts {
  readonly elapsedMs: number
  readonly scheduled: number
  /** Numbers of the requests still in flight. */
  readonly open: readonly number[]
}

/** The counters of one run. All instants are milliseconds after its start. */
export interface LoadTally {
  sent(request: TallyRequest, nowMs: number): void
  answered(request: TallyRequest, nowMs: number, release: string | undefined): void
  dropped(request: TallyRequest, failure: Failure, release: string | undefined): void
  abandoned(request: TallyRequest): void
  report(live: LiveCounts): LoadReport
}

/** Creates counters at zero. */
export function loadTally({ runId, rate }: TallyRun): LoadTally {
  const counts = { sent: 0, answered: 0, dropped: 0, abandoned: 0 }
  const byClass = noFailures()
  const byRelease = new Map<string, number>()
  const latency = latencyHistogram()
  const lag = latencyHistogram()
  const failures: LoadFailure[] = []
  const unanswered: number[] = []
  return {
    sent({ dueMs }, nowMs) {
      counts.sent += 1
      lag.record(nowMs - dueMs)
    },
    answered({ dueMs }, nowMs, release) {
      counts.answered += 1
      latency.record(nowMs - dueMs)
      if (release !== undefined) byRelease.set(release, (byRelease.get(release) ?? 0) + 1)
    },
    dropped({ n, dueMs }, failure, release) {
      counts.dropped += 1
      byClass[failure.class] += 1
      unanswered.push(n)
      if (failures.length === keptFailures) return
      const named = release === undefined ? {} : { release }
      failures.push({ n, id: requestId(runId, n), dueMs, ...failure, ...named })
    },
    abandoned({ n }) {
      counts.abandoned += 1
      unanswered.push(n)
    },
    report: ({ elapsedMs, scheduled, open }) => ({
      runId,
      rate,
      elapsedMs,
      scheduled,
      ...counts,
      inFlight: open.length,
      byClass: { ...byClass },
      byRelease: Object.fromEntries(byRelease),
      latency: latency.read(),
      lag: lag.read(),
      failures: [...failures],
      unanswered: [...unanswered, ...open],
    }),
  }
}

/**
 * A report in one line.
 * @example
 * formatLoadReport(await load.finished) // 'sent 61,240 · dropped 0 · p99 31 ms'
 */
export function formatLoadReport(report: LoadReport): string {
  const abandoned = report.abandoned > 0 ? [`abandoned ${grouped(report.abandoned)}`] : []
  return [
    `sent ${grouped(report.sent)}`,
    `dropped ${grouped(report.dropped)}${formatClasses(report.byClass)}`,
    ...abandoned,
    `p99 ${formatMs(report.latency.p99)}`,
  ].join(' · ')
}

function noFailures(): Record<FailureClass, number> {
  return {
    refused: 0,
    'reset-fresh': 0,
    'reset-reused': 0,
    truncated: 0,
    timeout: 0,
    'status-5xx': 0,
    'status-4xx': 0,
    wrong: 0,
    other: 0,
  }
}

function formatClasses(byClass: LoadReport['byClass']): string {
  const seen = failureClasses.filter((name) => byClass[name] > 0)
  if (seen.length === 0) return ''
  return ` (${seen.map((name) => `${name} ${grouped(byClass[name])}`).join(', ')})`
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${grouped(Math.round(ms))} ms`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
