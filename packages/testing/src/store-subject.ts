import type { Store } from '@changeover/engine'
import type { ConformanceCase, ConformanceSubject } from './conformance-case.ts'

/** An empty store to be tested, and what can be done to it. */
export interface StoreSubject extends ConformanceSubject {
  readonly store: Store
  /**
   * Closes `store` and opens it again over the same data, as a restart of the process would. Without it, what should
   * survive a restart is not tested.
   */
  readonly reopen?: () => Promise<Store>
  /** Moves the store's clock on. @default real time is waited for */
  readonly advance?: (ms: number) => Promise<void>
}

/** One sentence about every store, and how it is checked. */
export type StoreCase = ConformanceCase<StoreSubject>
