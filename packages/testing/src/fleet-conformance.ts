import { type ConformanceOptions, registerCases } from './conformance-case.ts'
import { fleetBench } from './fleet-bench.ts'
import { endCases } from './fleet-end-cases.ts'
import { launchCases } from './fleet-launch-cases.ts'
import type { FleetSubject } from './fleet-subject.ts'

/**
 * Registers the tests that every `Fleet` passes: launches that are idempotent by id, readiness with its reasons, stops,
 * a list that is the truth, crashes told of once. They assert with `node:assert`, so any test runner will do.
 *
 * @example
 * ```ts
 * import { fleetConformance, type ReleaseKind } from '@changeover/testing'
 * import { test } from 'vitest'
 *
 * fleetConformance({
 *   test,
 *   create: async () => {
 *     const fleet = await myFleet()
 *     const release = (kind: ReleaseKind) => ({ id: kind, version: '1.0.0', spec: mySpecs[kind] })
 *     return { fleet, service: 'shop', release, close: () => fleet.close() }
 *   },
 * })
 * ```
 */
export function fleetConformance({ test, create }: ConformanceOptions<FleetSubject>): void {
  registerCases('fleet', [...launchCases, ...endCases], {
    test,
    create: async () => fleetBench(await create()),
  })
}
