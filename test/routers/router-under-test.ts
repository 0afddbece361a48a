import type { RouterSubject } from '@changeover/testing'

/** A real router in processes of its own, and an adapter of it: what the conformance suite and the whole-system tests drive. */
export interface RouterUnderTest extends RouterSubject {
  readonly url: string
  readonly attach: NonNullable<RouterSubject['attach']>
  readonly restart: NonNullable<RouterSubject['restart']>
  /** How another process makes an adapter of this router; undefined where none can. */
  readonly adapter?: AdapterRecipe
}

/** `(await import(package))[factory](options)` makes an adapter. */
export interface AdapterRecipe {
  readonly package: string
  readonly factory: string
  /** JSON. */
  readonly options: object
}

/** Where a router serves, and how processes reach it. */
export interface RoutedFront {
  readonly url: string
  readonly adapter: AdapterRecipe
}

/** How the router under test is set up. */
export interface RouterSetup {
  /** @default 'shop' */
  readonly service?: string
  /** Headers and cookies by which tables may tell requests apart, for routers that must know beforehand. */
  readonly headers?: readonly string[]
  readonly cookies?: readonly string[]
}
