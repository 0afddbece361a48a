import { createHash } from 'node:crypto'
import type { Command, CommandName } from './command.ts'
import type { Fence } from './fence.ts'
import type { Instance } from './instance.ts'
import type { MetricsMark } from './metrics.ts'
import type { Plan } from './plan.ts'
import type { PoolSummary } from './pool.ts'
import type { RouteExtras } from './route-rule.ts'
import type { ProofLevel } from './router.ts'
import type { RolloutOutcome } from './rollout-outcome.ts'
import type { Step } from './step.ts'
import type { Verdict } from './verdict.ts'

/**
 * Version of the entries' shape. A reader refuses a newer one and understands every older one. A type that a reader may pass
 * over, such as `refused`, needs no new version.
 */
export const JOURNAL_VERSION = 2

/** Where a running plan is heading. */
export type Direction = 'forward' | 'back'

/** What the journal records. An intent comes before its effect; `done` only after the target was observed. */
export type EntryBody =
  /** The rollout exists. */
  | { readonly type: 'created'; readonly plan: Plan; readonly by?: string }
  /** An engine took over: at the start, and after each restart. */
  | { readonly type: 'led'; readonly holder: string }
  | { readonly type: 'step-started'; readonly index: number; readonly step: Step }
  | { readonly type: 'step-finished'; readonly index: number }
  /** Instance found running that an earlier rollout had launched, or whose `launched` was lost in a crash. */
  | { readonly type: 'adopted'; readonly instance: Instance; readonly ready: boolean }
  | {
      readonly type: 'launch-intended'
      readonly id: string
      readonly release: string
      /** The lost instance that it replaces. */
      readonly insteadOf?: string
    }
  | { readonly type: 'launched'; readonly instance: Instance }
  | { readonly type: 'ready'; readonly id: string }
  /** It stayed ready for as long as the plan asks, and counts from now on. */
  | { readonly type: 'available'; readonly id: string }
  /** It was ready and is no more; it must prove itself again. */
  | { readonly type: 'unready'; readonly id: string; readonly reason: string }
  /** It ended by itself, or was gone when looked for. */
  | { readonly type: 'lost'; readonly id: string; readonly reason: string }
  /** Which instances are meant is told by the entries before; a table of thousands is not written again and again. */
  | ({
      readonly type: 'routes-intended'
      readonly revision: number
      readonly pools: readonly PoolSummary[]
    } & RouteExtras)
  | {
      readonly type: 'routes-converged'
      readonly revision: number
      readonly level: ProofLevel
      readonly evidence: string
    }
  | {
      readonly type: 'drained'
      readonly id: string
      readonly inFlight: number | 'unknown'
      readonly forced: number
    }
  | { readonly type: 'stop-intended'; readonly id: string }
  | {
      readonly type: 'stopped'
      readonly id: string
      readonly graceful: boolean
      readonly exitCode?: number | null
      readonly signal?: string | null
    }
  /** A judge begins to count from here; only where the metrics port cannot look back. */
  | { readonly type: 'counting'; readonly gate: string; readonly mark: MetricsMark }
  | { readonly type: 'judged'; readonly gate: string; readonly verdict: Verdict }
  /** What a person or a program asked for. Repeating a command id changes nothing. */
  | ({ readonly type: 'commanded' } & Command)
  /** The leading engine refused a command; nothing else follows from it. */
  | {
      readonly type: 'refused'
      readonly command: CommandName
      readonly by: string
      readonly code: string
      readonly reason: string
      readonly gate?: string
    }
  /** A gate came to no verdict and holds: the rollout is paused until somebody resumes, promotes or takes it back. */
  | { readonly type: 'held'; readonly gate: string; readonly reason: string }
  /** The plan's window closed, and the rollout is paused until it opens. */
  | { readonly type: 'closed'; readonly reason: string; readonly until?: number }
  | { readonly type: 'opened' }
  /** Something unusual that people should see. */
  | { readonly type: 'noticed'; readonly message: string }
  /** The plan is given up; these steps lead back. */
  | {
      readonly type: 'turned-back'
      readonly code: string
      readonly reason: string
      readonly steps: readonly Step[]
    }
  | {
      readonly type: 'finished'
      readonly outcome: RolloutOutcome
      readonly code?: string
      readonly reason?: string
    }

/** One line of the journal. */
export type Entry = EntryBody & {
  /** Of the engine that wrote it. */
  readonly v: 1 | typeof JOURNAL_VERSION
  readonly rollout: string
  /** From 0, without gaps. */
  readonly seq: number
  /** Milliseconds since the epoch, by the clock of the engine that wrote it. */
  readonly at: number
  readonly fence: Fence
  /** Hash of the entry before; 64 zeros for the first. */
  readonly prev: string
  /** SHA-256 over this entry without `hash`, as lower-case hex. */
  readonly hash: string
}

/** `prev` of the first entry. */
export const GENESIS_HASH: string = '0'.repeat(64)

/** Makes `body` the entry that follows `prev`. Pure. */
export function chainEntry(
  body: EntryBody,
  link: Pick<Entry, 'rollout' | 'seq' | 'at' | 'fence' | 'prev'>,
): Entry {
  const { rollout, seq, at, fence, prev } = link
  const unsigned = { v: JOURNAL_VERSION, rollout, seq, at, fence, ...body, prev } as const
  return { ...unsigned, hash: sha256(JSON.stringify(unsigned)) }
}

/** What is wrong with `entry` as the successor of `previous`, or undefined where nothing is. Pure. */
export function chainProblem(entry: Entry, previous: Entry | undefined): string | undefined {
  const { hash, ...unsigned } = entry
  if (entry.v > JOURNAL_VERSION) return `it was written by a newer version (v${entry.v})`
  if (entry.seq !== (previous?.seq ?? -1) + 1) return `its number is ${entry.seq}`
  if (entry.prev !== (previous?.hash ?? GENESIS_HASH))
    return 'it does not follow the entry before it'
  return sha256(JSON.stringify(unsigned)) === hash
    ? undefined
    : 'its content does not match its hash'
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
