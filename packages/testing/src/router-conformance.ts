import { type ConformanceOptions, registerCases } from './conformance-case.ts'
import { routerBench } from './router-bench.ts'
import { cutoverCases } from './router-cutover-cases.ts'
import { drainCases } from './router-drain-cases.ts'
import { extrasCases } from './router-extras-cases.ts'
import { withinGranularity } from './router-granularity.ts'
import { inputCases } from './router-input-cases.ts'
import { markCases } from './router-mark-cases.ts'
import { instanceCases } from './router-instance-cases.ts'
import { mirrorCases } from './router-mirror-cases.ts'
import { outageCases } from './router-outage-cases.ts'
import { paceCases } from './router-pace-cases.ts'
import { refusalCases } from './router-refusal-cases.ts'
import { shareCases } from './router-share-cases.ts'
import { relayCases } from './router-relay-cases.ts'
import { smugglingCases } from './router-smuggling-cases.ts'
import { streamCases } from './router-stream-cases.ts'
import { steeringCases } from './router-steering-cases.ts'
import { type RouterEvidence, withEvidence } from './router-evidence.ts'
import type { RouterSubject } from './router-subject.ts'
import { tableCases } from './router-table-cases.ts'
import { takeoverCases } from './router-takeover-cases.ts'
import { trafficCases } from './router-traffic-cases.ts'
import { waitCases } from './router-wait-cases.ts'

/** Options of {@link routerConformance}. */
export interface RouterConformanceOptions extends ConformanceOptions<RouterSubject> {
  /** Called after each test with what it found: numbers, budgets, and what was not checked and why. */
  readonly evidence?: (evidence: RouterEvidence) => void
}

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
export function routerConformance({ test, create, evidence }: RouterConformanceOptions): void {
  const cases = [
    ...tableCases,
    ...extrasCases,
    ...waitCases,
    ...trafficCases,
    ...steeringCases,
    ...drainCases,
    ...mirrorCases,
    ...refusalCases,
    ...takeoverCases,
    ...outageCases,
    ...paceCases,
    ...inputCases,
    ...markCases,
    ...smugglingCases,
    ...relayCases,
    ...streamCases,
    ...cutoverCases,
    ...shareCases,
    ...instanceCases,
  ]
  registerCases(
    'router',
    cases.map((one) => withEvidence(withinGranularity(one), evidence)),
    { test, create: async () => routerBench(await create()) },
  )
}
