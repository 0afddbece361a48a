import type { Phase } from '../phase.ts'

/** A release as the engine knows it. */
export interface GuardRelease {
  readonly id: string
  readonly version: string
  /** Names the contract, where it is not kept under the id. */
  readonly contract?: string
}

/** What the engine asks about a phase. */
export interface GuardRequest {
  readonly service: string
  readonly phase: Phase
  /** Every release that may run now or be rolled back to. */
  readonly live: readonly GuardRelease[]
  readonly target: GuardRelease
}

/** What the engine is told. */
export interface GuardVerdict {
  readonly verdict: 'safe' | 'unsafe' | 'unknown'
  /** One line for each finding. */
  readonly findings: readonly string[]
}

/** What `createEngine({ migrations })` takes. */
export interface GuardPort {
  /**
   * Judges without changing anything; phases that come before are taken for done. A phase that narrows is judged for the releases
   * of the request alone: who else is connected now will have gone by then.
   */
  check(request: GuardRequest, options?: { readonly signal?: AbortSignal }): Promise<GuardVerdict>
  /** Judges again under the lock, with whoever is connected by then, and runs the phase. Repeating it is safe. */
  apply(request: GuardRequest, options?: { readonly signal?: AbortSignal }): Promise<GuardVerdict>
  /** Lowest release that may still start; undefined while every one may. */
  floor(service: string, options?: { readonly signal?: AbortSignal }): Promise<string | undefined>
}
