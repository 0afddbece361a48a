import { checkPlan } from './check-plan.ts'
import { refuse } from './changeover-error.ts'
import type { StartRequest } from './start-request.ts'
import { serviceOf } from './history.ts'
import type { Plan } from './plan.ts'
import type { Ports } from './run.ts'
import type { Store } from './store.ts'

/**
 * Makes the plan of a checked request from what the store, the router and the fleet say now. Changes nothing.
 *
 * @throws ChangeoverError for everything that makes the plan impossible
 */
export async function makePlan(ports: Ports, store: Store, request: StartRequest): Promise<Plan> {
  const { service, release: to, replicas, strategy, current } = request
  ports.fleet.check?.(to)
  const [history, router, instances] = await Promise.all([
    store.rollouts({ service }),
    ports.router.probe(),
    ports.fleet.list(service),
  ])
  const known = serviceOf(service, history)
  const { rollout } = known
  if (rollout) throw refuse('CHANGEOVER_ROLLOUT_RUNNING', { service, rollout })
  const from = known.current ?? current
  if (from?.id === to.id) throw refuse('CHANGEOVER_RELEASE_CURRENT', { service, release: to.id })
  const running = instances.filter(({ release }) => release === from?.id).length
  const written = strategy.plan({ service, from, to, replicas, running, router })
  const plan = { service, strategy: strategy.name, from, to, replicas, warnings: [], ...written }
  return checkPlan(plan, ports)
}
