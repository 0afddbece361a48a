// oxlint-disable-next-line import/no-empty-named-blocks, unicorn/require-module-specifiers -- makes the module known that is added to
import type {} from 'expect'
import type { MigrationExpectations } from './expectations.ts'
import { migrationMatchers } from './migration-matchers.ts'

export type { MigrationExpectations } from './expectations.ts'
export { migrationMatchers } from './migration-matchers.ts'
export type { KeepOptions, MatcherResult, MigrationMatcherFunctions } from './migration-matchers.ts'
export type { MatcherOptions } from './received.ts'

/* oxlint-disable typescript/no-empty-object-type, no-unused-vars -- as jest declares them, and DefinitelyTyped after it */
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T> extends MigrationExpectations {}
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the only way to add to it
  namespace jest {
    interface Matchers<R, T> extends MigrationExpectations {}
  }
}
/* oxlint-enable typescript/no-empty-object-type, no-unused-vars */

// `@jest/globals` cannot be imported outside of jest; with `injectGlobals: false`, extend its `expect` by hand.
const runner: unknown = Reflect.get(globalThis, 'expect')
if (canExtend(runner)) runner.extend({ ...migrationMatchers })

function canExtend(value: unknown): value is { extend(matchers: object): void } {
  return typeof value === 'function' && 'extend' in value && typeof value.extend === 'function'
}
