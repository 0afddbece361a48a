import type { Release } from './release.ts'

/** What a hook is told. */
export interface HookContext {
  readonly service: string
  readonly rollout: string
  readonly release: Release
  /** The same for every attempt at the same step: a hook that acts outside uses it to act once. */
  readonly key: string
  readonly attempt: number
  readonly signal: AbortSignal
}

/** Code that a plan refers to by name. Resolving is a pass; throwing is an attempt that failed. Called at least once. */
export type Hook = (context: HookContext) => Promise<void>
