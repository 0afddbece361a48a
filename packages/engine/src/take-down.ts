import { refuse } from './changeover-error.ts'
import type { InstanceState } from './rollout-state.ts'
import type { DrainReport, ObservedRoutes } from './router.ts'
import { isRouted } from './route-table.ts'
import type { Run } from './run.ts'
import { CONVERGE_WITHIN_MS, fellBack, sendAgain } from './send-table.ts'
import type { DrainSettings } from './step.ts'

/**
 * Waits until an instance that is out of the routes has no request in flight, or the drain policy says otherwise.
 *
 * @throws ChangeoverError `CHANGEOVER_NOT_DRAINED` under the policy `hold`
 */
export async function drainInstance(
  run: Run,
  { id }: InstanceState,
  { deadlineMs, onDeadline }: DrainSettings,
  signal: AbortSignal,
): Promise<void> {
  const { service } = run.state.plan
  for (;;) {
    const report = await run.ports.router.drain(service, [id], { deadline: deadlineMs, signal })
    if (report.drained || onDeadline === 'force' || report.inFlight === 'unknown') {
      return run.record(drainedEntry(id, report))
    }
    if (onDeadline === 'hold') {
      throw refuse('CHANGEOVER_NOT_DRAINED', { instance: id, inFlight: report.inFlight })
    }
    const message = `${id} still has ${report.inFlight} request(s) in flight; waiting on`
    await run.record({ type: 'noticed', message })
  }
}

function drainedEntry(id: string, { inFlight, forced }: DrainReport) {
  return { type: 'drained', id, inFlight, forced } as const
}

/**
 * Stops an instance, after looking once more whether the router really sends it nothing.
 *
 * @throws ChangeoverError `CHANGEOVER_NOT_CONVERGED` where the router names it after all
 */
export async function stopInstance(
  run: Run,
  known: InstanceState,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { id, release } = known
  if (known.phase !== 'stopping') {
    await confirmUnrouted(run, id, signal)
    await run.record({ type: 'stop-intended', id })
  }
  // Without an address nobody knows whether it was launched. The fleet does, and learns from this call whose launches to refuse.
  const unseen = { id, service: run.state.plan.service, release, address: '' }
  const instance = known.instance ?? unseen
  const report = await run.ports.fleet.stop(instance, {
    deadline: deadlineMs,
    signal,
    fence: run.fence,
  })
  const { graceful, exitCode, signal: endedBy } = report
  await run.record({
    type: 'stopped',
    id,
    graceful,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(endedBy === undefined ? {} : { signal: endedBy }),
  })
}

/** A router that said too early that it has converged is looked at again this often, in milliseconds. */
const LOOK_AGAIN_AFTER_MS = 1_000

/**
 * The router was seen to converge on a table without the instance; here it must still be so. A newer table of ours may
 * be on its way meanwhile, as long as it leaves the instance out too. What the router shows outweighs what it said: one
 * that has not converged yet is waited for, and one that has fallen back gets the last table again.
 */
async function confirmUnrouted(run: Run, id: string, signal: AbortSignal): Promise<void> {
  const { service } = run.state.plan
  const { router, clock } = run.ports
  const until = clock.now() + CONVERGE_WITHIN_MS
  for (;;) {
    const observed = await router.observe(service, { signal })
    const problem = routedProblem(run, observed, id)
    if (problem === undefined) return
    if (problem.final || clock.now() >= until) {
      const { revision } = observed
      throw refuse('CHANGEOVER_NOT_CONVERGED', { service, revision, problem: problem.what })
    }
    if (run.inForce && fellBack(run, observed)) await sendAgain(run, observed, signal)
    await clock.sleep(LOOK_AGAIN_AFTER_MS, { signal })
  }
}

interface RoutedProblem {
  readonly what: string
  /** Time does not heal it. */
  readonly final: boolean
}

function routedProblem(
  { inForce, sent }: Run,
  { table, revision, converged }: ObservedRoutes,
  id: string,
): RoutedProblem | undefined {
  if (table && isRouted(table, id)) return { what: `it still names ${id}`, final: true }
  if (sent && isRouted(sent, id))
    return { what: `a table that names ${id} is on its way`, final: true }
  if (inForce && fellBack({ inForce }, { revision }))
    return { what: `it fell back to revision ${revision}`, final: false }
  const ours = revision === sent?.revision && revision !== inForce?.revision
  return converged || ours ? undefined : { what: 'it has not converged', final: false }
}
