import {
  ChangeoverError,
  type Engine,
  type Fleet,
  type Plan,
  type Router,
  type StartRequest,
  type Store,
} from '@changeover/engine'

/** What a refusal must leave as it was. */
export interface Untouched {
  readonly router: Router
  readonly fleet: Fleet
  readonly store: Store
}

/**
 * The plan of a request. Where it is refused, both `plan` and `start` have to refuse it, and to leave nothing behind.
 *
 * @throws the refusal; ChangeoverError `CHANGEOVER_SIMULATION_LOST` where that broke rule 14
 */
export async function planOrRefuse(
  engine: Engine,
  request: StartRequest,
  outside: Untouched,
): Promise<Plan> {
  const before = await traces(outside, request.service)
  try {
    return await engine.plan(request)
  } catch (error) {
    const started = await engine.start(request).then(
      () => 'it was started all the same',
      () => undefined,
    )
    const after = await traces(outside, request.service)
    const left = started ?? (before === after ? undefined : `${before} became ${after}`)
    if (left === undefined) throw error
    const message = `rule 14: the refused plan left something behind: ${left}`
    throw new ChangeoverError('CHANGEOVER_SIMULATION_LOST', message, { cause: error })
  }
}

/** What anybody can see of a service from outside. */
export async function traces(
  { router, fleet, store }: Untouched,
  service: string,
): Promise<string> {
  const [rollouts, routes, instances] = await Promise.all([
    store.rollouts({ service }),
    router.observe(service),
    fleet.list(service),
  ])
  const { revision, fence } = routes
  return `${rollouts.length} rollouts, revision ${revision} under fence ${fence}, ${instances.length} instances`
}
