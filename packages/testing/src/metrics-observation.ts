import assert from 'node:assert/strict'
import type { Indicator, Samples } from '@changeover/engine'
import { patience } from './case-patience.ts'
import type { MetricsSubject, ServedRequests } from './metrics-subject.ts'

/** Asks about one release since one moment, and holds each answer to what is true of all answers. */
export interface Observation {
  readonly look: () => Promise<Samples>
  /** The first answer that `wanted` holds for. */
  readonly until: (
    what: string,
    wanted: (counts: ServedRequests) => boolean,
  ) => Promise<ServedRequests>
}

/** Begins to observe, and asks once, as a judge does when its step begins. */
export async function observe(
  subject: MetricsSubject,
  release: string,
  indicator: Indicator = subject.counts,
): Promise<Observation> {
  const { metrics, service, now = Date.now } = subject
  const since = now()
  const { soon, eventually } = patience(subject.patience ?? '20s')
  const look = async (): Promise<Samples> => {
    const query = { ...indicator, service, release, since }
    return assertSamples(await soon(`an answer about ${release}`, metrics.sample(query)))
  }
  await look()
  return {
    look,
    until: (what, wanted) =>
      eventually(what, async () => {
        const counts = countsOf(await look())
        return counts && wanted(counts) ? counts : undefined
      }),
  }
}

/** The counts of an answer that has some. */
export function countsOf(samples: Samples): ServedRequests | undefined {
  return samples.data && 'total' in samples ? samples : undefined
}

/** Holds for every answer: numbers that are numbers, no more bad requests than all, or a reason. */
export function assertSamples(samples: Samples): Samples {
  if (!samples.data) {
    assert.ok(samples.reason.length > 0, 'no data has a reason')
    return samples
  }
  const numbers = 'values' in samples ? samples.values : [samples.bad, samples.total]
  for (const number of numbers) assert.ok(Number.isFinite(number), `${number} is no number`)
  if ('values' in samples) return samples
  const { bad, total } = samples
  assert.ok(bad >= 0 && bad <= total, `${bad} bad of ${total} are no counts`)
  return samples
}
