import type { ProbeKind } from './check-options.ts'
import type { CheckSnapshot } from './checks.ts'

/** Where a process is in its life. */
export type LifecycleState = 'starting' | 'ready' | 'draining' | 'stopped'

/** `warn` is a pass: something that is not critical fails. */
export type HealthStatus = 'pass' | 'warn' | 'fail'

/** All that an answer rests on. */
export interface HealthFacts {
  readonly state: LifecycleState
  /** Whether start-up is over. */
  readonly started: boolean
  readonly checks: readonly CheckSnapshot[]
}

/** What a probe finds, with the checks that count for it. */
export interface Health {
  readonly status: HealthStatus
  readonly checks: readonly CheckSnapshot[]
}

/**
 * What a probe finds, the checks named in `exclude` left out. Pure.
 *
 * `liveness` passes whenever the process is not `ready`: a balancer that restarts a starting process never sees it start, and
 * one that restarts a draining process loses its requests. A check that has not said anything yet holds up `readiness` and
 * `startup`, but not `liveness`.
 */
export function judgeHealth(
  kind: ProbeKind,
  facts: HealthFacts,
  exclude: ReadonlySet<string> = new Set(),
): Health {
  const checks = facts.checks.filter(({ settings }) => settings.affects.includes(kind))
  const counted = checks.filter(({ settings }) => !exclude.has(settings.name))
  if (!lives(kind, facts)) return { status: 'fail', checks }
  if (kind === 'liveness' && facts.state !== 'ready') return { status: 'pass', checks }
  const bad = counted.filter(({ state }) => isBad(kind, state.status))
  if (bad.some(({ settings }) => settings.critical)) return { status: 'fail', checks }
  return { status: bad.length > 0 ? 'warn' : 'pass', checks }
}

function lives(kind: ProbeKind, { state, started }: HealthFacts): boolean {
  if (kind === 'readiness') return state === 'ready'
  return kind === 'startup' ? started : true
}

function isBad(kind: ProbeKind, status: 'pending' | 'pass' | 'fail'): boolean {
  return status === 'fail' || (status === 'pending' && kind !== 'liveness')
}
