import { type ConformanceOptions, registerCases } from './conformance-case.ts'
import { routerBench } from './router-bench.ts'
import { drainCases } from './router-drain-cases.ts'
import { extrasCases } from './router-extras-cases.ts'
import { steeringCases } from './router-steering-cases.ts'
import type { RouterSubject } from './router-subject.ts'
import { tableCases } from './router-table-cases.ts'
import { trafficCases } from './router-traffic-cases.ts'
import { waitCases } from './router-wait-cases.ts'

/**
 * Registers the tests that every `Router` passes: absolute tables with revisions and fences, proofs of convergence,
 * draining. Where the subject has a `url`, the suite starts backends of its own and sends requests too: exact weights,
 * no request to a release that left, none dropped, and rules and cohorts where the router says that it can. They assert with `node:assert`, so any test runner will do.
 *
 * @example
 * ```ts
 * import { routerConformance } from '@changeover/testing'
 * import { test } from 'vitest'
 *
 * routerConformance({
 *   test,
 *   create: async () => {
 *     const router = await startMyRouter({ services: ['shop'] })
 *     return { router, service: 'shop', url: router.url('shop'), close: () => router.close() }
 *   },
 * })
 * ```
 */
export function routerConformance({ test, create }: ConformanceOptions<RouterSubject>): void {
  const cases = [
    ...tableCases,
    ...extrasCases,
    ...waitCases,
    ...trafficCases,
    ...steeringCases,
    ...drainCases,
  ]
  registerCases('router', cases, { test, create: async () => routerBench(await create()) })
}
