import type { MetricsQuery, Samples } from './metrics.ts'
import type { Run } from './run.ts'
import { untilPromoted } from './step-wait.ts'

/** Asks the metrics port. Never rejects for what the port did: that is no data, with the reason. */
export type Ask = (query: MetricsQuery) => Promise<Samples>

/** Longest part of a foreign error message that is kept in the journal. */
const REASON_CHARS = 300

/**
 * Gives `work` a way to ask that answers within `limitMs` milliseconds whatever the port does, and at once when somebody
 * promotes the rollout. Afterwards no call is left under way.
 */
export async function askWithin<T>(
  run: Run,
  limitMs: number,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const call = new AbortController()
  const signal = AbortSignal.any([run.signal, call.signal])
  const late = run.ports.clock
    .sleep(limitMs, { signal })
    .then(() => noData(`no answer within ${limitMs} ms`))
  const promoted = untilPromoted({ ...run, signal }).then(() => noData('the rollout was promoted'))
  const ends = [late, promoted]
  const settled = Promise.allSettled(ends)
  try {
    return await work(async (query) => {
      const samples = await Promise.race([sample(run, query, signal), ...ends])
      run.signal.throwIfAborted()
      return samples
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
    const message = error instanceof Error ? error.message : String(error)
    return noData(message.slice(0, REASON_CHARS))
  }
}

function noData(reason: string): Samples {
  return { data: false, reason }
}
