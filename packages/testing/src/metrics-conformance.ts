import { type ConformanceOptions, registerCases } from './conformance-case.ts'
import { countCases } from './metrics-count-cases.ts'
import { questionCases } from './metrics-question-cases.ts'
import type { MetricsSubject } from './metrics-subject.ts'

/**
 * Registers the tests that every `Metrics` port passes: counts since the question's moment, apart for each release, that
 * never fall and never are no numbers; no data with a reason; unknown indicators refused when a plan is made.
 *
 * @example
 * ```ts
 * import { metricsConformance } from '@changeover/testing'
 * import { test } from 'vitest'
 *
 * metricsConformance({
 *   test,
 *   create: async () => {
 *     const shop = await startShop()
 *     return {
 *       metrics: myMetrics(shop.url),
 *       service: 'shop',
 *       releases: ['v2', 'v1'],
 *       counts: { indicator: 'errors' },
 *       serve: (release, requests) => shop.serve(release, requests),
 *       close: () => shop.close(),
 *     }
 *   },
 * })
 * ```
 */
export function metricsConformance(options: ConformanceOptions<MetricsSubject>): void {
  registerCases('metrics', [...countCases, ...questionCases], options)
}
