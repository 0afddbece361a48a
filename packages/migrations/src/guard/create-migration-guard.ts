import { createGate } from './gate.ts'
import { readFloor } from './floor.ts'
import { guardSettings, readLive } from './guard-options.ts'
import type { LiveNames, MigrationGuardOptions } from './guard-options.ts'
import type { GuardPort, GuardRequest, GuardVerdict } from './guard-port.ts'
import type { GuardSettings } from './guard-settings.ts'
import { guardedRun, judgeOnly } from './guarded-run.ts'
import type { GuardRun, PhaseRequest } from './guarded-run.ts'
import { haveTables } from './guard-tables.ts'
import { findingLines, isGuardRefusal } from './judge-phase.ts'
import type { LiveName } from './live-releases.ts'
import { refuse, MigrationError } from '../migration-error.ts'
import type { MigrationErrorCode } from '../error-codes.ts'
import { PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import type { CheckReport } from '../report.ts'
import { releaseOrder } from './release-order.ts'
import { isNarrowing } from './select-phase.ts'

/** What {@link MigrationGuardHandle.run} is asked. */
export interface GuardRunOptions {
  readonly phase: Phase
  /** Who may run now or be gone back to, besides those that the option `live` of the guard names. */
  readonly live?: LiveNames
  readonly signal?: AbortSignal
}

/** A guard; see {@link createMigrationGuard}. What `createEngine({ migrations })` takes, too. */
export interface MigrationGuardHandle extends GuardPort {
  /**
   * Runs what is pending of a phase, in the order of the files. Takes up what was broken off.
   *
   * @throws MigrationError `CHANGEOVER_MIGRATIONS_GUARD_REFUSED` with the `report`, and other refusals; nothing was run then.
   * `CHANGEOVER_MIGRATIONS_BLOCKED`, `_STEP_FAILED`, `_CONNECTION_LOST`: what ran before the step stays
   */
  run(options: GuardRunOptions): Promise<GuardRun>
  /** Judges what `run` would judge, the phases before it counted as done. Changes nothing. */
  judge(options: GuardRunOptions): Promise<CheckReport>
  /** Lets backfills wait before their next batch. */
  pause(): void
  resume(): void
  /** Breaks off what is running, and waits until its connections are closed. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Runs migrations phase by phase, each only if no release that may run breaks by it.
 *
 * One guard works at a time: it holds a lock of its session. Steps wait for their locks shortly and are tried again, so that
 * nobody queues behind them for long. What each step has come to is kept in the database; a guard that was killed is
 * simply started again.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID` or `CHANGEOVER_MIGRATIONS_DURATION_INVALID`
 * @example
 * ```ts
 * const guard = createMigrationGuard({
 *   database: url,
 *   migrations: 'migrations',
 *   live: () => ['2.3.0', '2.4.0'],
 *   contracts: (release) => contractOf(release),
 * })
 * await guard.run({ phase: 'expand' })
 * await guard.close()
 * ```
 */
export function createMigrationGuard(options: MigrationGuardOptions): MigrationGuardHandle {
  const settings = guardSettings(options)
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const gate = createGate()
  const begin = <Value>(
    request: Omit<PhaseRequest, 'signal' | 'whileNotPaused'>,
    signal: AbortSignal | undefined,
    act: (request: PhaseRequest) => Promise<Value>,
  ): Promise<Value> => {
    const both = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
    const work = act({ ...request, signal: both, whileNotPaused: () => gate.open(both) })
    running.add(work)
    void work.catch(() => {}).finally(() => running.delete(work))
    return work
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing.abort(new Error('The migration guard is closed.'))
    return (closed ??= Promise.allSettled(running).then(() => {}))
  }
  return {
    run: async (given) =>
      begin(requestOf(settings, given), given.signal, (one) => guardedRun(settings, one)),
    judge: async (given) =>
      begin(requestOf(settings, given), given.signal, (one) => judgeOnly(settings, one)),
    check: (request, { signal } = {}) =>
      asVerdict(async () => {
        const judge = (one: PhaseRequest): Promise<CheckReport> =>
          judgeOnly(settingsFor(settings, request), one)
        // A rollout narrows when the last old instance has stopped. `apply` looks who is there by then.
        const alone = isNarrowing(request.phase)
        return verdictOf(await begin({ ...fromEngine(request), alone }, signal, judge))
      }),
    apply: (request, { signal } = {}) =>
      asVerdict(async () => {
        const run = (one: PhaseRequest): Promise<GuardRun> =>
          guardedRun(settingsFor(settings, request), one)
        const { report } = await begin(fromEngine(request), signal, run)
        return verdictOf(report)
      }),
    floor: async (service) => floorOf(settings, service),
    pause: () => gate.close(),
    resume: () => gate.reopen(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function requestOf(
  { service, order }: GuardSettings,
  { phase, live }: GuardRunOptions,
): Omit<PhaseRequest, 'signal' | 'whileNotPaused'> {
  if (!PHASES.includes(phase)) {
    const problems = `phase: ${phase as string} is no phase; use one of ${PHASES.join(', ')}`
    throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', { caller: 'run', problems })
  }
  return { phase, service, order, named: live && readLive(live) }
}

/**
 * As the engine asks: the target, which starts only behind what widens, cannot be broken by it. Of releases the engine knows the
 * age: the target is the newest.
 */
function fromEngine({
  service,
  phase,
  live,
  target,
}: GuardRequest): Omit<PhaseRequest, 'signal' | 'whileNotPaused'> {
  const widening = phase === 'expand' || phase === 'backfill'
  const others = live.filter(({ id }) => id !== target.id).map(({ id }) => id)
  const named: LiveName[] = widening ? others : [...others, target.id]
  return { service, phase, named, order: releaseOrder([...others, target.id]) }
}

/** A release may name its contract; else that is kept under its id. */
function settingsFor(settings: GuardSettings, { live, target }: GuardRequest): GuardSettings {
  const names = new Map([...live, target].map(({ id, contract }) => [id, contract ?? id]))
  return { ...settings, contracts: (release) => settings.contracts(names.get(release) ?? release) }
}

/** The engine puts the lines into a sentence, which it ends itself. */
function verdictOf(report: CheckReport): GuardVerdict {
  const findings = findingLines(report).map((line) => line.replace(/\.$/, ''))
  return { verdict: report.verdict, findings }
}

/** Refusals that say something about the steps; anything else is no answer. */
const UNSAFE: ReadonlySet<MigrationErrorCode> = new Set<MigrationErrorCode>([
  'CHANGEOVER_MIGRATIONS_GUARD_REFUSED',
  'CHANGEOVER_MIGRATIONS_ORDER',
  'CHANGEOVER_MIGRATIONS_CHANGED',
  'CHANGEOVER_MIGRATIONS_UNSENDABLE',
  'CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE',
])

async function asVerdict(ask: () => Promise<GuardVerdict>): Promise<GuardVerdict> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof MigrationError) || !UNSAFE.has(error.code)) throw error
    if (isGuardRefusal(error)) return verdictOf(error.report)
    return { verdict: 'unsafe', findings: [error.message.replace(/\.$/, '')] }
  }
}

async function floorOf(
  { connect, tables }: GuardSettings,
  service: string,
): Promise<string | undefined> {
  const client = await connect()
  try {
    if (!(await haveTables(client, tables))) return undefined
    const row = await readFloor(client, tables, service)
    return row?.release
  } finally {
    await client.end()
  }
}
