import { type Pool, summarizePools } from './pool.ts'
import { extrasOf, type Routing } from './route-rule.ts'
import type { InstanceState, RolloutState } from './rollout-state.ts'
import {
  checkRouteTable,
  proportionalWeights,
  type RouteTable,
  routesAlike,
} from './route-table.ts'
import type { Run } from './run.ts'
import { notConverged, SENDS, sendTable } from './send-table.ts'
import type { ShiftTarget } from './step.ts'

/** Whether an instance may be named in a route table: it proved itself ready, and nobody asked it to stop. */
function mayServe({ phase }: InstanceState): boolean {
  return phase === 'ready' || phase === 'available'
}

/**
 * Pools of every instance that may serve, weighed by their number. Weights of the release that is being left never
 * rise on the way back, whatever is lost meanwhile. Pure.
 */
export function proportionalPools(
  state: RolloutState,
  leaving: Pick<ReadonlySet<string>, 'has'>,
  inForce: RouteTable | undefined,
): Pool[] {
  const serving = byRelease(state, (instance) => !leaving.has(instance.id))
  const releases = [...serving.keys()].sort()
  const counts = releases.map((release) => serving.get(release)?.length ?? 0)
  const weights = proportionalWeights(counts)
  const capped = state.direction === 'back' ? cap(state, releases, weights, inForce) : weights
  return releases.map((release, i) => pool(release, capped[i] ?? 0, serving.get(release) ?? []))
}

/**
 * The routing that a shift asks for, with every instance that may serve. A release at weight 0 is left out unless a rule,
 * an affinity or a mirror leads to it. Pure.
 */
export function targetRouting(state: RolloutState, target: ShiftTarget): Routing {
  const { weights, rules = [], affinity, mirror } = target
  const marked = [...rules, ...(affinity ? [affinity] : []), ...(mirror ? [mirror] : [])]
  const wanted = new Set([
    ...Object.keys(weights).filter((release) => (weights[release] ?? 0) > 0),
    ...marked.map(({ release }) => release),
  ])
  const serving = byRelease(state, ({ release }) => wanted.has(release))
  const pools = [...wanted]
    .sort()
    .map((release) => pool(release, weights[release] ?? 0, serving.get(release) ?? []))
  return {
    pools,
    ...extrasOf({
      rules,
      ...(affinity ? { affinity: { ...affinity, salt: state.id } } : {}),
      ...(mirror ? { mirror } : {}),
    }),
  }
}

/** The instances of a release that may serve. Pure. */
export function servingOf(state: RolloutState, release: string): Pool['instances'] {
  const members = byRelease(state, (instance) => instance.release === release).get(release) ?? []
  return pool(release, 0, members).instances
}

function byRelease(
  state: RolloutState,
  wanted: (instance: InstanceState) => boolean,
): Map<string, InstanceState[]> {
  const releases = new Map<string, InstanceState[]>()
  for (const instance of state.instances.values()) {
    if (!mayServe(instance) || !wanted(instance)) continue
    const peers = releases.get(instance.release)
    if (peers) peers.push(instance)
    else releases.set(instance.release, [instance])
  }
  return releases
}

function pool(release: string, weight: number, members: readonly InstanceState[]): Pool {
  const instances = members.map((member) => member.instance).filter((one) => one !== undefined)
  return { release, weight, instances }
}

function cap(
  state: RolloutState,
  releases: readonly string[],
  weights: readonly number[],
  inForce: RouteTable | undefined,
): number[] {
  const left = releases.indexOf(state.plan.to.id)
  const others = releases.findIndex((release) => release !== state.plan.to.id)
  const before = inForce?.pools.find(({ release }) => release === state.plan.to.id)?.weight ?? 0
  const surplus = (weights[left] ?? 0) - before
  if (left < 0 || others < 0 || surplus <= 0) return [...weights]
  return weights.map((weight, i) => weight + (i === left ? -surplus : i === others ? surplus : 0))
}

/**
 * Puts a routing in force and returns when the router was seen to follow. Does nothing where it is in force already, under a fence
 * of this lease: one that an earlier leader wrote is written anew, or else that leader's last call, late, would still be taken.
 *
 * @param send - how often a table of this routing was sent, this time included
 * @throws ChangeoverError `CHANGEOVER_NOT_CONVERGED`
 */
export async function putInForce(
  run: Run,
  routing: Routing,
  signal: AbortSignal,
  send = 1,
): Promise<void> {
  const { service } = run.state.plan
  const table = { service, revision: run.revision + 1, fence: run.fence, ...routing }
  const { inForce } = run
  const settled = inForce !== undefined && inForce.fence >= run.fence
  if (settled && routesAlike(inForce, table)) return confirmInForce(run, inForce)
  run.revision = checkRouteTable(table).revision
  const { revision } = table
  // Known from this instant on: nobody in it may be stopped, whatever becomes of it.
  run.sent = table
  const pools = summarizePools(routing.pools)
  await run.record({ type: 'routes-intended', revision, pools, ...extrasOf(routing) })
  const proof = await sendTable(run, table, signal)
  if (!proof) {
    const problem = 'somebody else changed it on its way'
    if (send === SENDS) throw notConverged(table, problem)
    await run.record({ type: 'noticed', message: `revision ${revision}: ${problem}; sent anew` })
    return putInForce(run, routing, signal, send + 1)
  }
  run.inForce = table
  const { level, evidence } = proof
  await run.record({ type: 'routes-converged', revision, level, evidence })
}

/** A crash between the effect and its entry leaves a table in force that the journal does not know as converged. */
async function confirmInForce(run: Run, table: RouteTable): Promise<void> {
  if (isJournaled(run.state, table)) return
  const { revision } = table
  const evidence = 'it was observed in force'
  await run.record({ type: 'routes-converged', revision, level: 'observed', evidence })
}

/** Whether the journal knows the last intended table as converged, if that is what this one is. Pure. */
export function isJournaled(
  { intended, converged }: Pick<RolloutState, 'converged' | 'intended'>,
  { revision }: Pick<RouteTable, 'revision'>,
): boolean {
  return intended?.revision !== revision || converged?.revision === revision
}
