import assert from 'node:assert/strict'
import type { IndicatorCheck, Metrics } from '@changeover/engine'
import { refused, rejectedWith } from './case-refusal.ts'
import { assertSamples, observe } from './metrics-observation.ts'
import type { MetricsCase } from './metrics-subject.ts'

const UNKNOWN = 'an-indicator-that-nobody-knows'

/** What becomes of questions that have no answer. */
export const questionCases: readonly MetricsCase[] = [
  [
    'the indicators that it knows pass the check of a plan',
    async ({ metrics, counts, values, service }) => {
      await metrics.check?.({ ...counts, service })
      if (values) await metrics.check?.({ ...values, service })
    },
  ],
  [
    'an unknown indicator is refused when a plan is made',
    async ({ metrics, service }) => {
      const details = await refused(
        'CHANGEOVER_INDICATOR_UNKNOWN',
        checked(metrics, { indicator: UNKNOWN, service }),
      )
      assert.equal(details['indicator'], UNKNOWN)
    },
  ],
  [
    'counts where values are wanted are refused when a plan is made',
    async ({ metrics, counts, service }) => {
      await refused(
        'CHANGEOVER_INDICATOR_UNKNOWN',
        checked(metrics, { indicator: counts.indicator, as: 'values', service }),
      )
    },
  ],
  [
    'an unknown indicator has no data, with a reason',
    async ({ metrics, releases: [release], service, now = Date.now }) => {
      const query = { indicator: UNKNOWN, service, release, since: now() }
      assert.equal(assertSamples(await metrics.sample(query)).data, false)
    },
  ],
  [
    'an unknown release has no data, with a reason',
    async (subject) => {
      const seen = await observe(subject, 'a-release-that-nobody-launched')
      assert.equal((await seen.look()).data, false)
    },
  ],
  [
    'what is cut off has no data, with a reason',
    async (subject) => {
      const { silence, releases } = subject
      if (!silence) return
      const seen = await observe(subject, releases[0])
      await silence()
      const [answer] = await Promise.allSettled([seen.look()])
      if (answer.status === 'fulfilled') assert.equal(answer.value.data, false)
      else assert.ok(!(answer.reason instanceof assert.AssertionError), String(answer.reason))
    },
  ],
  [
    "an aborted question is rejected with the signal's reason",
    async ({ metrics, counts, releases: [release], service, now = Date.now }) => {
      const reason = new Error('no longer wanted')
      const query = { ...counts, service, release, since: now() }
      await rejectedWith(reason, metrics.sample(query, { signal: AbortSignal.abort(reason) }))
    },
  ],
  [
    'values of a gauge are numbers',
    async (subject) => {
      if (!subject.values) return
      const seen = await observe(subject, subject.releases[0], subject.values)
      const samples = await seen.look()
      if (samples.data) assert.ok('values' in samples && samples.values.length > 0)
    },
  ],
]

/** A port without a check accepts everything. */
async function checked(metrics: Metrics, indicator: IndicatorCheck): Promise<void> {
  await metrics.check?.(indicator)
}
