import assert from 'node:assert/strict'
import { aWhile } from './case-patience.ts'
import { assertSamples, countsOf, observe } from './metrics-observation.ts'
import type { MetricsCase, MetricsSubject, ServedRequests } from './metrics-subject.ts'

const SERVED = { total: 40, bad: 10 }
const ROUNDS = 3

/** What counts must be. */
export const countCases: readonly MetricsCase[] = [
  [
    'requests are counted since the moment asked about, the bad ones among all',
    async (subject) => {
      const [release] = subject.releases
      const seen = await observe(subject, release)
      await subject.serve(release, SERVED)
      await seen.until(`${JSON.stringify(SERVED)} counted`, (counts) =>
        near(subject, counts, SERVED),
      )
      await aWhile()
      const still = countsOf(await seen.look())
      const twice = `counted again: ${JSON.stringify(still)}`
      assert.ok(still && near(subject, still, SERVED), twice)
    },
  ],
  [
    'requests from before the moment asked about are not counted',
    async (subject) => {
      const [release] = subject.releases
      const early = await observe(subject, release)
      await subject.serve(release, SERVED)
      await early.until('the first requests', (counts) => near(subject, counts, SERVED))
      await aWhile()
      const late = await observe(subject, release)
      await aWhile()
      const counts = countsOf(await late.look())
      assert.ok((counts?.total ?? 0) < SERVED.total / 2, 'they are older than the question')
    },
  ],
  [
    'releases are counted apart from each other',
    async (subject) => {
      const [candidate, baseline] = subject.releases
      const seen = [await observe(subject, candidate), await observe(subject, baseline)] as const
      await subject.serve(candidate, SERVED)
      await seen[0].until('requests of the candidate', ({ total }) => total >= SERVED.total / 2)
      await aWhile()
      const counts = countsOf(await seen[1].look())
      assert.ok((counts?.total ?? 0) < SERVED.total / 2, 'the baseline served none of them')
    },
  ],
  [
    'counts do not fall while requests come',
    async (subject) => {
      const [release] = subject.releases
      const seen = await observe(subject, release)
      let before: ServedRequests = { total: 0, bad: 0 }
      for (let round = 1; round <= ROUNDS; round += 1) {
        await subject.serve(release, SERVED)
        const wanted = { total: SERVED.total * round, bad: SERVED.bad * round }
        const now = await seen.until(`round ${round}`, (counts) => {
          assertNotFallen(subject, before, counts)
          return near(subject, counts, wanted)
        })
        before = now
      }
    },
  ],
  [
    'a release that served nothing has no requests, or no data; neither is a number of nothing',
    async (subject) => {
      const [, baseline] = subject.releases
      const seen = await observe(subject, baseline)
      for (let look = 0; look < ROUNDS; look += 1) {
        const counts = countsOf(assertSamples(await seen.look()))
        assert.equal(counts?.total ?? 0, 0)
        await aWhile()
      }
    },
  ],
]

/** Whether the counts are what was served, to the precision of the subject. */
function near(
  { precision = 0 }: MetricsSubject,
  counts: ServedRequests,
  served: ServedRequests,
): boolean {
  const close = (count: number, wanted: number): boolean =>
    Math.abs(count - wanted) <= precision * wanted
  return close(counts.total, served.total) && close(counts.bad, served.bad)
}

function assertNotFallen(
  { precision = 0 }: MetricsSubject,
  before: ServedRequests,
  now: ServedRequests,
): void {
  const fallen =
    now.total < before.total * (1 - precision) || now.bad < before.bad * (1 - precision)
  assert.ok(!fallen, `counts fell from ${JSON.stringify(before)} to ${JSON.stringify(now)}`)
}
