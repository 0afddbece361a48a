import { refuse } from '../migration-error.ts'
import { describeBlockers, watchWaiting } from './blockers.ts'
import { cancelOnAbort } from './cancel-on-abort.ts'
import type { Cancelling } from './cancel-on-abort.ts'
import type { Watch } from './blockers.ts'
import { isLost, stateOf } from './guard-client.ts'
import type { Blocker, StepRef } from './guard-events.ts'
import { isPassing, nextPause } from './retry.ts'
import { stepRef } from './run-context.ts'
import type { RunContext } from './run-context.ts'
import { placeOf } from './steps.ts'
import type { GuardStep } from './steps.ts'
import type { StepKind } from './step-kind.ts'

/** Steps that are committed together, a single one outside of transactions, or a batch of a backfill. */
export interface Unit {
  /** None for a batch: it has a journal of its own. */
  readonly steps: readonly GuardStep[]
  /** For events. */
  readonly ref: StepRef
  /** For messages. */
  readonly place: string
}

/** The unit of these steps. */
export function unitOf(first: GuardStep, others: readonly GuardStep[] = []): Unit {
  return { steps: [first, ...others], ref: stepRef(first), place: placeOf(first) }
}

/** How an attempt went. `busy`: somebody else does the same just now. */
export type Attempt = 'done' | 'busy'

/** One attempt at a unit. `watching` is told when it begins to wait for locks that others queue behind. */
export type RunAttempt = (attempt: number, watching: (kind: StepKind) => void) => Promise<Attempt>

/**
 * Runs a unit again and again while all that stands in its way is somebody else's lock.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_BLOCKED`, `_STEP_FAILED` or `_CONNECTION_LOST`
 */
export async function withRetries(context: RunContext, unit: Unit, run: RunAttempt): Promise<void> {
  const { settings, signal, tell } = context
  const { clock, retry } = settings
  const began = clock.now()
  let blockers: readonly Blocker[] = []
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    const seen = await tryOnce(context, unit, run, attempt)
    if (!seen) return
    // Who was seen once is named even if the last look came too late.
    if (seen.length > 0) blockers = seen
    tell({ type: 'step-blocked', ...unit.ref, attempt, blockers })
    const elapsedMs = clock.now() - began
    const pauseMs = nextPause(retry, { attempt, elapsedMs, random: clock.random() })
    if (pauseMs === undefined) throw await blocked(context, unit, { attempt, elapsedMs, blockers })
    await clock.sleep(pauseMs, signal)
  }
}

/** Undefined where it is done; who was in the way where it is not. */
async function tryOnce(
  context: RunContext,
  unit: Unit,
  run: RunAttempt,
  attempt: number,
): Promise<readonly Blocker[] | undefined> {
  let watch: Watch | undefined
  const cancel = cancelOnAbort(context)
  try {
    const end = await run(attempt, (kind) => {
      watch ??= watchWaiting(context.session, context.settings.lockTimeoutMs[kind])
    })
    await settle(context, watch, cancel)
    return end === 'done' ? undefined : (watch?.blockers ?? [])
  } catch (error) {
    if (isLost(error)) throw await lost(context, unit, error)
    await settle(context, watch, cancel)
    await context.session.worker.query('rollback')
    if (isPassing(stateOf(error)) || (watch?.cancelled && stateOf(error) === '57014'))
      return watch?.blockers ?? []
    throw await failed(context, unit, error)
  } finally {
    await cancel.stop()
    await watch?.stop()
  }
}

/** A cancel that came too late hits the next statement: let it be one that does nothing. */
async function settle(
  { session }: RunContext,
  watch: Watch | undefined,
  cancel: Cancelling,
): Promise<void> {
  await watch?.stop()
  await cancel.stop()
  if (!watch?.cancelled && !cancel.cancelled) return
  for (let round = 0; round < 2; round += 1) await session.worker.query('select 1').catch(() => {})
}

/** The connection is gone: the journal keeps saying that the step was begun, and says why, where it still can be reached. */
async function lost(
  { journal, session }: RunContext,
  { steps, place }: Unit,
  cause: unknown,
): Promise<unknown> {
  if (stateOf(cause) === undefined && !(cause instanceof Error && isDriverError(cause)))
    return cause
  const problem = messageOf(cause)
  for (const one of steps) await journal.lost(session.watcher, one, problem).catch(() => {})
  return refuse('CHANGEOVER_MIGRATIONS_CONNECTION_LOST', { place, problem }, { cause })
}

/** What listeners and our own code throw is no matter of the connection. */
function isDriverError(cause: Error): boolean {
  const code = 'code' in cause ? String(cause.code) : ''
  return (
    !code.startsWith('CHANGEOVER_') &&
    /connection|socket|ECONN|EPIPE|ETIMEDOUT|closed/i.test(`${code} ${cause.message}`)
  )
}

async function failed(
  context: RunContext,
  { steps, place }: Unit,
  cause: unknown,
): Promise<unknown> {
  const { signal, tell, journal } = context
  if (signal?.aborted) {
    for (const one of steps) await journal.fail(one, 'aborted')
    return signal.reason
  }
  const problem = messageOf(cause)
  for (const one of steps) {
    await journal.fail(one, problem)
    tell({ type: 'step-failed', ...stepRef(one), problem })
  }
  const state = stateOf(cause) ?? 'no answer of the server'
  return refuse('CHANGEOVER_MIGRATIONS_STEP_FAILED', { place, problem, state }, { cause })
}

interface Blockade {
  readonly attempt: number
  readonly elapsedMs: number
  readonly blockers: readonly Blocker[]
}

async function blocked(
  { journal }: RunContext,
  { steps, place }: Unit,
  { attempt, elapsedMs, blockers }: Blockade,
): Promise<Error> {
  const described = describeBlockers(blockers)
  for (const one of steps) await journal.fail(one, `blocked by ${described}`)
  return refuse('CHANGEOVER_MIGRATIONS_BLOCKED', {
    place,
    attempts: attempt,
    ms: Math.round(elapsedMs),
    blockers: described,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
