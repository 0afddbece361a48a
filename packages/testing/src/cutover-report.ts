import {
  type Exchange,
  noFailures,
  noOutcomes,
  type WireFailure,
  wireFailures,
  type WireOutcome,
} from './wire-exchange.ts'

/** How a client treats its connections: it uses one again and again, or makes one for each request. */
export type LoadClass = 'keep-alive' | 'fresh'

/** A request of a cutover load, and the release that answered it. */
export interface SentRequest extends Omit<Exchange, 'answer'> {
  readonly of: LoadClass
  readonly release: string | undefined
}

/** One release took all traffic over. Times are those of `performance.now()`. */
export interface Cutover {
  readonly release: string
  readonly begunAt: number
  readonly appliedAt: number
  /** Undefined where nobody asked whether it had converged. */
  readonly convergedAt: number | undefined
}

/** The middle one of some times, and the longest, in milliseconds; 0 where there is none. */
export interface Spread {
  readonly p50: number
  readonly max: number
}

/** What became of the requests while releases took over from each other. */
export interface CutoverReport {
  readonly cutovers: number
  readonly sent: number
  /** Requests with no whole answer, or one that no release gave. */
  readonly failed: number
  /** By how they ended, and by the class of their client. */
  readonly outcomes: Readonly<Record<LoadClass, Readonly<Record<WireOutcome, number>>>>
  /** How long it took to apply. */
  readonly applyMs: Spread
  /** From there to the end of `converge`. */
  readonly convergeMs: Spread
  /** From there to the beginning of the last request that a release answered which had left. */
  readonly followedMs: Spread
  /** Requests begun after a change was applied, and answered by a release that had left. Not a failure: it had not converged. */
  readonly oldAfterApply: number
  /** Requests begun after a change had converged, and answered by a release that had left. */
  readonly late: number
  /** The first of the failures and of the late ones, for people. */
  readonly examples: readonly string[]
}

const EXAMPLES = 20

/** Judges the requests by the cutovers, of which the first was over before them. */
export function cutoverReport(
  requests: readonly SentRequest[],
  cutovers: readonly Cutover[],
): CutoverReport {
  const failures = requests.filter((request) => outcomeOf(request) !== 'ok')
  const answered = requests.filter((request) => outcomeOf(request) === 'ok')
  const changes = cutovers.slice(1)
  const late = answered.filter((request) => isBehind(request, cutovers, 'convergedAt'))
  const old = answered.filter((request) => isBehind(request, cutovers, 'appliedAt'))
  const examples = [
    ...failures.map(failureText),
    ...late.map((request) => lateText(request, cutovers)),
  ]
  return {
    cutovers: changes.length,
    sent: requests.length,
    failed: failures.length,
    outcomes: {
      'keep-alive': countOutcomes(requests, 'keep-alive'),
      fresh: countOutcomes(requests, 'fresh'),
    },
    applyMs: spread(changes.map(({ begunAt, appliedAt }) => appliedAt - begunAt)),
    convergeMs: spread(
      changes.map(({ appliedAt, convergedAt = appliedAt }) => convergedAt - appliedAt),
    ),
    followedMs: spread(followedAfter(old, cutovers)),
    oldAfterApply: old.length,
    late: late.length,
    examples: examples.slice(0, EXAMPLES),
  }
}

/** A whole answer that no release gave is the router's own, whatever its status. */
function outcomeOf({ outcome, release }: SentRequest): WireOutcome {
  return outcome === 'ok' && release === undefined ? 'status' : outcome
}

/**
 * Whether a request was answered by none of the releases that may answer it: that of the last cutover that was over when it
 * began, and those of cutovers that were begun before it ended.
 */
function isBehind(
  { startedAt, endedAt, release }: SentRequest,
  cutovers: readonly Cutover[],
  over: 'appliedAt' | 'convergedAt',
): boolean {
  const last = cutovers.findLastIndex((one) => (one[over] ?? Infinity) <= startedAt)
  if (last < 0) return false
  const allowed = cutovers.slice(last).filter(({ begunAt }) => begunAt <= endedAt)
  return allowed.every((one) => one.release !== release)
}

/** For each change, how long after it was applied the last request began that an old release answered. */
function followedAfter(old: readonly SentRequest[], cutovers: readonly Cutover[]): number[] {
  const after = cutovers.slice(1).map(() => 0)
  for (const { startedAt } of old) {
    const change = cutovers.findLastIndex(({ appliedAt }) => appliedAt <= startedAt)
    const ms = startedAt - (cutovers[change]?.appliedAt ?? startedAt)
    if (change > 0) after[change - 1] = Math.max(after[change - 1] ?? 0, ms)
  }
  return after
}

function countOutcomes(
  requests: readonly SentRequest[],
  of: LoadClass,
): Readonly<Record<WireOutcome, number>> {
  const counts = noOutcomes()
  for (const request of requests) if (request.of === of) counts[outcomeOf(request)] += 1
  return counts
}

function failureText(request: SentRequest): string {
  const { of, connection, turn, problem, release } = request
  const why = problem || `answered by no release, but by ${String(release)}`
  const where = `request ${turn} on connection ${connection} of a ${of} client`
  return `${outcomeOf(request)}: ${where}: ${why}`
}

function lateText({ startedAt, release }: SentRequest, cutovers: readonly Cutover[]): string {
  const last = cutovers.findLast(({ convergedAt = Infinity }) => convergedAt <= startedAt)
  const afterMs = (startedAt - (last?.convergedAt ?? startedAt)).toFixed(1)
  return `late: ${release} answered a request begun ${afterMs} ms after ${last?.release} had taken over`
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** Failures by class, over all clients. */
export function failuresOf({ outcomes }: CutoverReport): Readonly<Record<WireFailure, number>> {
  const counts = noFailures()
  for (const failure of wireFailures)
    counts[failure] = outcomes['keep-alive'][failure] + outcomes.fresh[failure]
  return counts
}
