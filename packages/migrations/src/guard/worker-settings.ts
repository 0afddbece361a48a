import { trySet } from './connect.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardSettings } from './guard-settings.ts'
import type { StepKind } from './step-kind.ts'

/** Forgets what migrations have set for their session. The lock stays: DISCARD ALL would give it up. */
export async function prepareWorker(worker: GuardClient): Promise<void> {
  await worker.query(
    'reset session authorization; reset role; reset all; discard temp; discard plans',
  )
  // A guard that was killed must not go on working in the server, nor leave locks open.
  await trySet(worker, 'client_connection_check_interval', '1s')
  await trySet(worker, 'idle_in_transaction_session_timeout', '60s')
}

/** How long statements of a transaction may wait: all of them together, from the first one that others queue behind. */
export interface LockBudget {
  /** `SET LOCAL` for a statement of this kind. */
  settingsFor(kind: StepKind): string
}

/** The budget of one transaction. */
export function lockBudget({
  lockTimeoutMs,
  statementTimeoutMs,
  clock,
}: GuardSettings): LockBudget {
  let until: number | undefined
  return {
    settingsFor: (kind) => {
      if (kind === 'lock' && lockTimeoutMs.lock > 0) until ??= clock.now() + lockTimeoutMs.lock
      const own = lockTimeoutMs[kind]
      const left = until === undefined ? own : Math.max(1, Math.round(until - clock.now()))
      const lockMs = own === 0 ? left : Math.min(own, left)
      return `set local lock_timeout = ${lockMs}; set local statement_timeout = ${statementTimeoutMs[kind]}`
    },
  }
}

/** Time-outs of a statement outside of transactions. */
export function sessionSettings(
  { lockTimeoutMs, statementTimeoutMs }: GuardSettings,
  kind: StepKind,
): readonly string[] {
  return [
    `set lock_timeout = ${lockTimeoutMs[kind]}`,
    `set statement_timeout = ${statementTimeoutMs[kind]}`,
  ]
}
