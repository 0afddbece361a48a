import type { RolloutSummary, Router } from '@changeover/engine'
import type { RolloutView, ServiceView } from '../api/index.ts'
import type { ConsoleSettings } from '../console-settings.ts'
import type { Hub } from '../live/hub.ts'
import { type FourEyes, rolloutView } from '../views/rollout-view.ts'
import { poolViews, serviceView } from '../views/service-view.ts'
import { readStory, type Story } from '../views/story.ts'
import type { Replays } from './replays.ts'

/** What every endpoint works with. */
export interface ConsoleParts extends ConsoleSettings {
  readonly hub: Hub
  readonly replays: Replays
}

/** The rollout as its journal tells it now. @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` */
export function storyOf({ store }: Pick<ConsoleParts, 'store'>, id: string): Promise<Story> {
  return readStory(store.read(id), id)
}

export async function viewOf(
  parts: Pick<ConsoleParts, 'services' | 'store'>,
  id: string,
): Promise<RolloutView> {
  return rolloutView(await storyOf(parts, id), fourEyesOf(parts))
}

/** As the services are set up now. */
export function fourEyesOf({ services }: Pick<ConsoleParts, 'services'>): FourEyes {
  return (service) => services().some(({ name, fourEyes }) => name === service && fourEyes === true)
}

export type ServiceSource = Pick<ConsoleParts, 'store' | 'router' | 'services'>

/** Every service that is set up or has a history, by name. */
export async function listServices(parts: ServiceSource): Promise<ServiceView[]> {
  const histories = group(await parts.store.rollouts())
  const names = new Set([...parts.services().map(({ name }) => name), ...histories.keys()])
  const views = [...names].map((name) => viewService(parts, name, histories.get(name) ?? []))
  return (await Promise.all(views)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** One service; undefined where nobody knows it. */
export async function findService(
  parts: ServiceSource,
  name: string,
): Promise<ServiceView | undefined> {
  const history = await parts.store.rollouts({ service: name })
  if (history.length > 0 || parts.services().some((one) => one.name === name))
    return viewService(parts, name, history)
  return undefined
}

function group(history: readonly RolloutSummary[]): Map<string, RolloutSummary[]> {
  const groups = new Map<string, RolloutSummary[]>()
  for (const summary of history) {
    const known = groups.get(summary.service)
    if (known) known.push(summary)
    else groups.set(summary.service, [summary])
  }
  return groups
}

async function viewService(
  { router }: ServiceSource,
  name: string,
  history: readonly RolloutSummary[],
): Promise<ServiceView> {
  const pools = router && history.length > 0 ? await observe(router, name) : undefined
  return serviceView(name, history, pools)
}

/** How long a router may take to say what it follows, in milliseconds. */
const OBSERVE_MS = 400

/** A router that cannot be asked, or does not answer, must not keep people from seeing everything else. */
function observe(router: Router, service: string): Promise<ServiceView['pools']> {
  const signal = AbortSignal.timeout(OBSERVE_MS)
  const late = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  const asked = router.observe(service, { signal }).then(
    ({ table }) => (table ? poolViews(table) : []),
    () => undefined,
  )
  return Promise.race([asked, late])
}
