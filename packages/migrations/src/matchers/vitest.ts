import { expect } from 'vitest'
import type { MigrationExpectations } from './expectations.ts'
import { migrationMatchers } from './migration-matchers.ts'

export type { MigrationExpectations } from './expectations.ts'
export { migrationMatchers } from './migration-matchers.ts'
export type { KeepOptions, MatcherResult, MigrationMatcherFunctions } from './migration-matchers.ts'
export type { MatcherOptions } from './received.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-empty-object-type, no-unused-vars -- as vitest declares it
  interface Assertion<T> extends MigrationExpectations {}
}

expect.extend({ ...migrationMatchers })
