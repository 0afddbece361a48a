import { refuse } from './changeover-error.ts'
import type {
  Indicator,
  IndicatorCheck,
  Metrics,
  MetricsMark,
  MetricsQuery,
  Samples,
} from './metrics.ts'
import type { CallOptions, ReleaseTraffic, Router, TrafficSample } from './router.ts'
import { fellBehind, trafficSince } from './traffic-since.ts'

/** Where the counting for one question began, and what was answered last. */
interface Base {
  readonly generation: number
  readonly from: ReleaseTraffic
  readonly answered: ReleaseTraffic
}

/** What is known of one service's counts. */
interface Watched {
  latest: TrafficSample
  /** Number of the call that `latest` answers: replies may overtake each other. */
  latestCall: number
  calls: number
  /** Grows whenever the counts fell: the router began anew. */
  generation: number
  /** By release and beginning. */
  readonly bases: Map<string, Base>
}

type CountingRouter = Router & Required<Pick<Router, 'traffic'>>

const NONE: ReleaseTraffic = { total: 0, bad: 0, slow: {} }

/** Questions of one service that are remembered; a judge asks about two releases since one moment. */
const BASES_KEPT = 32

/**
 * Reads indicators from the router's own counts: nothing to install. `errors` are failed requests among all; any other
 * name needs a bound in milliseconds, and counts the requests that took longer.
 *
 * A router counts from its own start, so a judge begins with a mark of its counts, which is journaled: an engine that is
 * restarted goes on counting from there. Whoever asks without a mark sets the base by the first question about a release and
 * a moment, which is answered with 0 of 0. Where the counts fall, the router was restarted: that answer is no data, and
 * counting goes on from there; where the engine was restarted too, what the router had counted before is lost, and no more.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` for a router without `traffic`
 * @example
 * ```ts
 * const engine = createEngine({ router, fleet, store, metrics: routerMetrics(router) })
 * ```
 */
export function routerMetrics(router: Router): Metrics {
  if (!counts(router)) throw countless(router)
  const services = new Map<string, Watched>()

  const take = async (service: string, options?: CallOptions): Promise<Watched> => {
    options?.signal?.throwIfAborted()
    const of = watched(service)
    const call = (of.calls += 1)
    see(of, call, await router.traffic(service, options))
    return of
  }
  const watched = (service: string): Watched => {
    const known = services.get(service)
    if (known) return known
    const fresh = { latest: {}, latestCall: 0, calls: 0, generation: 0, bases: new Map() }
    services.set(service, fresh)
    return fresh
  }

  return {
    name: `router ${router.name}`,
    sample: async (query, options) => answer(await take(query.service, options), query),
    mark: async (service, options) => (await take(service, options)).latest,
    check: (indicator, options) => check(router, indicator, options),
  }
}

function counts(router: Router): router is CountingRouter {
  return typeof router.traffic === 'function'
}

function countless({ name }: Router): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'routerMetrics.router',
    value: name,
    problem: 'it has no traffic(), so it counts nothing',
    remedy:
      'Give a router that counts, or judge by another metrics port such as prometheusMetrics().',
  })
}

function see(of: Watched, call: number, now: TrafficSample): void {
  if (call < of.latestCall) return
  if (fellBehind(now, of.latest)) of.generation += 1
  of.latest = now
  of.latestCall = call
}

function answer(of: Watched, query: MetricsQuery): Samples {
  const { release, since } = query
  const key = JSON.stringify([release, since])
  const now = of.latest[release]
  const base = of.bases.get(key) ?? firstBase(of, query)
  if (base.generation !== of.generation) {
    const from = trafficSince(now ?? NONE, base.answered)
    remember(of.bases, key, { ...base, generation: of.generation, from })
    return noData('the counts of the router fell, it was restarted: counting goes on from here')
  }
  const answered = trafficSince(now ?? base.from, base.from)
  remember(of.bases, key, { ...base, answered })
  return now ? pick(answered, query) : noData(`the router has no counts of release ${release}`)
}

/** Counts lower than those of the mark were begun anew after it, so that all of them count. */
function firstBase({ generation, latest }: Watched, { release, mark }: MetricsQuery): Base {
  const marked = mark && readMark(mark)
  const from = marked ? marked[release] : latest[release]
  const restarted = marked !== undefined && fellBehind(latest, marked)
  return { generation, from: restarted ? NONE : (from ?? NONE), answered: NONE }
}

/** Only what counts: a mark comes out of a journal, which may be older than this code. */
function readMark(mark: MetricsMark): TrafficSample {
  return Object.fromEntries(Object.entries(mark).filter(isTraffic))
}

function isTraffic(entry: [string, unknown]): entry is [string, ReleaseTraffic] {
  const [, counts] = entry
  if (typeof counts !== 'object' || counts === null) return false
  return ['total', 'bad'].every((name) => Number.isFinite(Reflect.get(counts, name)))
}

/** The oldest question nobody asks any more makes room. */
function remember(bases: Map<string, Base>, key: string, base: Base): void {
  bases.delete(key)
  bases.set(key, base)
  for (const oldest of bases.keys()) {
    if (bases.size <= BASES_KEPT) break
    bases.delete(oldest)
  }
}

function pick(traffic: ReleaseTraffic, { indicator, overMs, as }: Indicator): Samples {
  const { total, slow = {} } = traffic
  const bad = overMs === undefined ? traffic.bad : slow[String(overMs)]
  if (as === 'values') return noData(`the router has no gauge "${indicator}"`)
  if (overMs === undefined && indicator !== 'errors')
    return noData(`the router does not know "${indicator}"`)
  if (bad === undefined) return noData(`the router does not count requests over ${overMs} ms`)
  const sound = Number.isFinite(total) && Number.isFinite(bad) && bad >= 0 && bad <= total
  return sound ? { data: true, bad, total } : noData(`the router counted ${bad} of ${total}`)
}

function noData(reason: string): Samples {
  return { data: false, reason }
}

/** @throws ChangeoverError `CHANGEOVER_INDICATOR_UNKNOWN` */
async function check(
  router: CountingRouter,
  indicator: IndicatorCheck,
  options?: CallOptions,
): Promise<void> {
  const unknown = (problem: string, remedy: string): Error =>
    refuse('CHANGEOVER_INDICATOR_UNKNOWN', {
      metrics: `router ${router.name}`,
      indicator: indicator.indicator,
      problem,
      remedy,
    })
  const { overMs, service } = indicator
  if (indicator.as === 'values')
    throw unknown(
      'a router has no gauges',
      'Judge it by rates, or give the engine another metrics port.',
    )
  if (overMs === undefined) {
    if (indicator.indicator === 'errors') return
    throw unknown('routers count errors', "Name it errors, or give a bound: { over: '300ms' }.")
  }
  const bounds = await slowBounds(router, service, options)
  if (bounds === undefined || bounds.includes(overMs)) return
  const remedy = bounds.length > 0 ? `Choose one of ${bounds.join(', ')} ms.` : 'Judge errors only.'
  throw unknown(`the router does not count requests over ${overMs} ms`, remedy)
}

/** Undefined where the router does not tell before it has had traffic. */
async function slowBounds(
  router: CountingRouter,
  service: string | undefined,
  options?: CallOptions,
): Promise<readonly number[] | undefined> {
  const { slowBounds: told } = await router.probe(options)
  if (told || service === undefined) return told
  const releases = Object.values(await router.traffic(service, options))
  if (releases.length === 0) return undefined
  const known = new Set(releases.flatMap(({ slow = {} }) => Object.keys(slow)))
  return [...known].map(Number).toSorted((a, b) => a - b)
}
