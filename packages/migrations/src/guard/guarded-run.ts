import { randomUUID } from 'node:crypto'
import type { LiveRelease } from '../contracts/contract.ts'
import { refuse } from '../migration-error.ts'
import type { Phase } from '../phase.ts'
import type { CheckReport } from '../report.ts'
import { openSession } from './connect.ts'
import type { Session } from './connect.ts'
import { floorMove, mustMove, readFloor } from './floor.ts'
import type { FloorWish } from './floor.ts'
import type { BackfillProgress, GuardEvent } from './guard-events.ts'
import type { GuardSettings } from './guard-settings.ts'
import { createTables, haveTables } from './guard-tables.ts'
import { openJournal } from './journal.ts'
import { judgePhase, refuseUnsafe } from './judge-phase.ts'
import type { JudgedPhase } from './judge-phase.ts'
import { liveReleases } from './live-releases.ts'
import type { LiveName } from './live-releases.ts'
import { lowestOf } from './release-order.ts'
import type { ReleaseOrder } from './release-order.ts'
import { takeLock } from './runner-lock.ts'
import type { RunnerLock } from './runner-lock.ts'
import { runPhase } from './run-phase.ts'
import { isNarrowing } from './select-phase.ts'
import { survey } from './survey.ts'

/** What is asked of a guard for one phase. */
export interface PhaseRequest {
  readonly phase: Phase
  readonly service: string
  readonly named: readonly LiveName[] | undefined
  /** Those that are named are all: who else runs now will be gone by then. */
  readonly alone?: boolean
  readonly order: ReleaseOrder
  readonly signal: AbortSignal | undefined
  readonly whileNotPaused: () => Promise<void>
}

/** What a run of a phase has done. */
export interface GuardRun {
  readonly phase: Phase
  /** The judgement under the lock. */
  readonly report: CheckReport
  /** Ids of the migrations that ran, or of which the rest ran. Empty where nothing was pending. */
  readonly ran: readonly string[]
  readonly backfills: readonly BackfillProgress[]
  /** Lowest release that may still start. */
  readonly floor: string | undefined
}

/** Judges a phase and changes nothing. `ahead`: the phases before it count as done. */
export async function judgeOnly(
  settings: GuardSettings,
  request: PhaseRequest,
): Promise<CheckReport> {
  const session = await openSession(settings.connect)
  try {
    const { report } = await judge(settings, session, request, { ahead: true })
    return report
  } finally {
    await session.close()
  }
}

async function judge(
  settings: GuardSettings,
  { watcher, serverVersion }: Session,
  { phase, named, alone, signal }: PhaseRequest,
  { ahead }: { readonly ahead: boolean },
): Promise<JudgedPhase> {
  signal?.throwIfAborted()
  const live = await liveReleases(settings, watcher, { named, alone })
  const found = await survey(settings, watcher, serverVersion, live)
  return judgePhase(settings, found, phase, { ahead, signal })
}

/**
 * Judges a phase, takes the lock, judges again with what is live by then, and runs it.
 *
 * @throws MigrationError for every refusal, before anything is run
 */
export async function guardedRun(
  settings: GuardSettings,
  request: PhaseRequest,
): Promise<GuardRun> {
  const { phase, signal } = request
  const tell = (event: GuardEvent): void => {
    settings.log(event)
    settings.emit(event)
  }
  const session = await openSession(settings.connect)
  try {
    const first = await judge(settings, session, request, { ahead: false })
    tell({ type: 'judged', phase, verdict: first.report.verdict, locked: false })
    refuseUnsafe(phase, first.report)
    const lock = await takeLock(session, settings.tables.schema, {
      waitMs: settings.lockWaitMs,
      clock: settings.clock,
      onWait: (holder) => tell({ type: 'lock-waiting', holder }),
      signal,
    })
    tell({ type: 'lock-taken' })
    return await underLock(settings, request, session, { lock, tell })
  } finally {
    // The session ends, and the lock with it.
    await session.close()
  }
}

async function underLock(
  settings: GuardSettings,
  request: PhaseRequest,
  session: Session,
  { lock, tell }: { readonly lock: RunnerLock; readonly tell: (event: GuardEvent) => void },
): Promise<GuardRun> {
  const { phase, service, signal, whileNotPaused } = request
  const judged = await judge(settings, session, request, { ahead: false })
  tell({ type: 'judged', phase, verdict: judged.report.verdict, locked: true })
  refuseUnsafe(phase, judged.report)
  if (!(await haveTables(session.worker, settings.tables)))
    await createTables(session.worker, settings.tables)
  const wish = await floorWish(settings, session, request, judged)
  const floor = wish && floorMove(settings.tables, wish, tell)
  const token = randomUUID()
  const journal = openJournal(session.worker, settings.tables, token)
  const context = { settings, session, journal, lock, token, tell, whileNotPaused, floor, signal }
  const work = await runPhase(context, judged, phase)
  const row = await readFloor(session.worker, settings.tables, service)
  return { phase, report: judged.report, ...work, floor: row?.release }
}

/** Where the floor has to go for this phase; undefined where it stays. */
async function floorWish(
  settings: GuardSettings,
  { worker }: Session,
  { phase, service, order }: PhaseRequest,
  { selected, live }: JudgedPhase,
): Promise<FloorWish | undefined> {
  if (!isNarrowing(phase) || selected.length === 0 || !live || live.length === 0) return undefined
  const known = sorted(live, order)
  const release = lowestOf(known, order)
  if (release === undefined) {
    throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
      caller: 'createMigrationGuard',
      problems: `releases: which of ${known.join(', ')} is the oldest cannot be told; give all releases, oldest first`,
    })
  }
  const wish = { service, release, known }
  return mustMove(await readFloor(worker, settings.tables, service), wish, order) ? wish : undefined
}

function sorted(live: readonly LiveRelease[], order: ReleaseOrder): string[] {
  return live.map(({ release }) => release).sort((one, other) => order(one, other) ?? 0)
}
