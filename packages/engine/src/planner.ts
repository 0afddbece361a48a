import { checkIndicators } from './check-indicators.ts'
import { checkPlan } from './check-plan.ts'
import { routingWarnings } from './check-routing.ts'
import { refuse } from './changeover-error.ts'
import type { StartRequest } from './start-request.ts'
import { isRepair, serviceOf } from './history.ts'
import type { Instance } from './instance.ts'
import { checkMigrations, planMigrations } from './plan-migrations.ts'
import type { Plan } from './plan.ts'
import type { Ports } from './run.ts'
import { readWindow } from './window-options.ts'
import type { Store } from './store.ts'

/**
 * Makes the plan of a checked request from what the store, the router and the fleet say now. Changes nothing.
 *
 * @param options.besideRepair a repair under way does not count: it makes way when the plan is carried out. @default false
 * @throws ChangeoverError for everything that makes the plan impossible
 */
export async function makePlan(
  ports: Ports,
  store: Store,
  request: StartRequest,
  { besideRepair = false }: { readonly besideRepair?: boolean } = {},
): Promise<Plan> {
  const { service, release: to, replicas, strategy, current } = request
  const window = readWindow(request)
  ports.fleet.check?.(to)
  const [history, router, instances] = await Promise.all([
    store.rollouts({ service }),
    ports.router.probe(),
    ports.fleet.list(service),
  ])
  const known = serviceOf(service, history)
  const open = history.find(({ outcome }) => outcome === undefined)
  const rollout = open && besideRepair && isRepair(open) ? undefined : known.rollout
  if (rollout !== undefined) throw refuse('CHANGEOVER_ROLLOUT_RUNNING', { service, rollout })
  const from = known.current ?? current
  if (from?.id === to.id) throw refuse('CHANGEOVER_RELEASE_CURRENT', { service, release: to.id })
  const { running, others } = countRunning(instances, from?.id, to.id)
  const written = strategy.plan({ service, from, to, replicas, running, others, router })
  const warnings = [...(written.warnings ?? []), ...routingWarnings(written.steps, router)]
  const plan = {
    service,
    strategy: strategy.name,
    from,
    to,
    replicas,
    ...written,
    warnings,
    ...(window ? { window } : {}),
  }
  const migrated = await planMigrations(plan, request, { history, instances }, ports.migrations)
  const checked = checkPlan(migrated, ports, { router, running, others: Object.keys(others) })
  await checkIndicators(checked, ports.metrics)
  await checkMigrations(checked, ports.migrations)
  return checked
}

/** How many instances of the release in place run, and of releases that are neither that one nor the new one. */
function countRunning(
  instances: readonly Instance[],
  from: string | undefined,
  to: string,
): { running: number; others: Record<string, number> } {
  const others: Record<string, number> = {}
  for (const { release } of instances) {
    if (release !== from && release !== to) others[release] = (others[release] ?? 0) + 1
  }
  return { running: instances.filter(({ release }) => release === from).length, others }
}
