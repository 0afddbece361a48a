import { readState } from './find-rollout.ts'
import { assertAboveFloor, isRepair, rollbackTarget } from './history.ts'
import type { Leadership } from './lead.ts'
import type { Plan } from './plan.ts'
import { restore } from './restore.ts'
import type { Rollout } from './rollout.ts'
import { closedWayBack } from './schema-floor.ts'
import type { StartRequest } from './start-request.ts'
import type { Superseded } from './supersede.ts'

export interface RollbackRequest {
  readonly by: string
  /** Id of the release. @default the one before the current one */
  readonly to?: string
  /** Why, for the journal of a rollout that is taken back. @default 'rolled back' */
  readonly reason?: string
}

/** Takes the rollout under way back, where it came from the release that is asked for. A repair came from nowhere else. */
export async function turnBack(
  running: Superseded | undefined,
  { by, to, reason = 'rolled back' }: RollbackRequest,
): Promise<Rollout | undefined> {
  if (!running || !leadsTo(running.state.plan, to)) return undefined
  await running.rollout.rollback({ by, reason })
  return running.rollout
}

/** Whether the way back of a rollout leads to the release that is asked for. */
function leadsTo(plan: Plan, to: string | undefined): boolean {
  return !isRepair(plan) && (to === undefined || to === plan.from?.id)
}

/**
 * The way back of a rollout under way, from where it stands, as a plan of its own: from the release that is given up, to the
 * one that it came from. Undefined where there is none, or where it leads elsewhere than asked.
 */
export async function planTurningBack(
  { ports, store }: Leadership,
  service: string,
  { to }: Pick<RollbackRequest, 'to'>,
): Promise<Plan | undefined> {
  const [open] = await store.rollouts({ service, open: true })
  if (!open) return undefined
  const state = await readState(store, open.id)
  const { plan, direction, steps, position } = state
  if (state.outcome !== undefined || !leadsTo(plan, to)) return undefined
  const closed =
    direction === 'forward'
      ? await closedWayBack({ ports, state, signal: new AbortController().signal })
      : undefined
  const back = direction === 'forward' ? plan.rollback : steps.slice(position)
  const { window: _, ...rest } = plan
  return {
    ...rest,
    from: plan.from && plan.to,
    to: plan.from ?? plan.to,
    steps: closed === undefined ? back : [],
    rollback: [],
    warnings: [
      ...(closed === undefined
        ? []
        : [`there is no way back: ${closed}; "${plan.to.id}" keeps what it has`]),
      ...(plan.from ? [] : [`"${plan.to.id}" is the first release: nothing serves afterwards`]),
    ],
  }
}

/**
 * What to start so that a recorded release is back.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE`
 */
export async function planBack(
  { ports, store }: Leadership,
  service: string,
  { to }: Pick<RollbackRequest, 'to'>,
): Promise<StartRequest> {
  const history = await store.rollouts({ service })
  const { release, replicas } = rollbackTarget(service, history, to)
  assertAboveFloor(service, history, release.id, await ports.migrations?.floor(service))
  return { service, release, replicas, strategy: restore() }
}
