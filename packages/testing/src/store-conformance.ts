import { type ConformanceOptions, registerCases } from './conformance-case.ts'
import { journalCases } from './store-journal-cases.ts'
import { leaseCases } from './store-lease-cases.ts'
import { rolloutCases } from './store-rollout-cases.ts'
import { sharedCases } from './store-shared-cases.ts'
import type { StoreCase, StoreSubject } from './store-subject.ts'

/**
 * Registers the tests that every `Store` passes: journals that are appended to with compare-and-swap, the list of
 * rollouts, leases with fences that only grow, and what engines tell each other where it has `watch`, `send` and
 * `receive`. They assert with `node:assert`, so any test runner will do.
 *
 * @example
 * ```ts
 * import { storeConformance } from '@changeover/testing'
 * import { test } from 'vitest'
 *
 * storeConformance({
 *   test,
 *   create: async () => {
 *     const store = myStore(await emptyDatabase())
 *     return { store, close: () => store.close() }
 *   },
 * })
 * ```
 */
export function storeConformance(options: ConformanceOptions<StoreSubject>): void {
  const cases = [...journalCases, ...rolloutCases, ...leaseCases, ...sharedCases, closing]
  registerCases('store', cases, options)
}

const closing: StoreCase = [
  'closing twice is the same as closing once',
  async ({ store }) => {
    await store.lease('shop', 'engine-1', 1_000)
    await store.close()
    await store.close()
  },
]
