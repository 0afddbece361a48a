import type { MetricsMark, MetricsQuery, NoData, Samples } from './metrics.ts'
import type { Run } from './run.ts'
import { untilPromoted } from './step-wait.ts'

/** Ways to ask the metrics port. None rejects for what the port did: that is no data, with the reason. */
export interface Asking {
  readonly ask: (query: MetricsQuery) => Promise<Samples>
  /** Undefined where the port can look back by itself. */
  readonly mark: (service: string) => Promise<{ readonly mark: MetricsMark } | NoData | undefined>
}

/** Longest part of a foreign error message that is kept in the journal. */
const REASON_CHARS = 300

/**
 * Gives `work` a way to ask that answers within `limitMs` milliseconds whatever the port does, and at once when somebody
 * promotes the rollout. Afterwards no call is left under way.
 */
export async function askWithin<T>(
  run: Run,
  limitMs: number,
  work: (asking: Asking) => Promise<T>,
): Promise<T> {
  const call = new AbortController()
  const signal = AbortSignal.any([run.signal, call.signal])
  const late = run.ports.clock
    .sleep(limitMs, { signal })
    .then(() => noData(`no answer within ${limitMs} ms`))
  const promoted = untilPromoted({ ...run, signal }).then(() => noData('the rollout was promoted'))
  const ends = [late, promoted]
  const settled = Promise.allSettled(ends)
  const inTime = async <Answer>(answer: Promise<Answer>): Promise<Answer | NoData> => {
    const first = await Promise.race([answer, ...ends])
    run.signal.throwIfAborted()
    return first
  }
  try {
    return await work({
      ask: (query) => inTime(sample(run, query, signal)),
      mark: (service) => inTime(mark(run, service, signal)),
    })
  } finally {
    call.abort()
    await settled
  }
}

async function sample({ ports }: Run, query: MetricsQuery, signal: AbortSignal): Promise<Samples> {
  try {
    const samples = await ports.metrics?.sample(query, { signal })
    return samples ?? noData('the metrics port gave nothing')
  } catch (error) {
    return noData(messageOf(error))
  }
}

async function mark(
  { ports: { metrics } }: Run,
  service: string,
  signal: AbortSignal,
): Promise<{ readonly mark: MetricsMark } | NoData | undefined> {
  if (!metrics?.mark) return undefined
  try {
    return { mark: await metrics.mark(service, { signal }) }
  } catch (error) {
    return noData(messageOf(error))
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARS)
}

function noData(reason: string): NoData {
  return { data: false, reason }
}
