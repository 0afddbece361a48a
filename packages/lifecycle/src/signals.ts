import type { CrashWatch } from './crash-watch.ts'
import { flushLogger } from './logger.ts'
import type { LifecycleSettings, SecondSignal } from './options.ts'
import { enterExit, leaveExit, noteExit } from './process-exit.ts'
import { forcedExitCode } from './shutdown-report.ts'
import type { ShutdownReport } from './shutdown-report.ts'

/** What to do about a signal. */
export type SignalAction = 'drain' | 'ignore' | 'hasten' | 'exit'

/** The first signal drains; the policy decides about the others. Pure. */
export function decideSignal(policy: SecondSignal, seenBefore: number): SignalAction {
  return seenBefore === 0 ? 'drain' : policy
}

/** What signals can do. */
export interface SignalTarget {
  readonly shutdown: (reason: string) => Promise<ShutdownReport>
  readonly hasten: () => void
  /** The event loop is empty, so nothing can come that a notice would be for. */
  readonly shutdownEmpty: () => Promise<ShutdownReport>
  readonly crashes: CrashWatch
}

const flushLimitMs = 500

/** Obeys the signals of the settings until the returned function is called. */
export function obeySignals(settings: LifecycleSettings, target: SignalTarget): () => void {
  const { signals, secondSignal, exit, logger } = settings
  let seen = 0

  function obey(signal: NodeJS.Signals): void {
    const action = decideSignal(secondSignal, seen)
    seen += 1
    logger.info({ signal, action }, 'signal')
    if (action === 'drain') void drain(signal)
    if (action === 'hasten') target.hasten()
    if (action === 'exit') process.exit(forcedExitCode)
  }

  async function drain(signal: NodeJS.Signals): Promise<void> {
    const token = {}
    if (exit) {
      enterExit(token)
      target.crashes.begin()
    }
    const { exitCode } = await target.shutdown(signal)
    if (!exit) return
    await flushLogger(logger, flushLimitMs)
    disobey()
    leaveExit(token, exitCode)
  }

  // The process ends by itself: hooks run all the same, and their failure shows.
  function end(): void {
    logger.info({}, 'event loop empty')
    void drainEmpty()
  }

  async function drainEmpty(): Promise<void> {
    const { exitCode } = await target.shutdownEmpty()
    await flushLogger(logger, flushLimitMs)
    noteExit(exitCode)
  }

  const endsProcess = exit && signals.length > 0

  function disobey(): void {
    process.removeListener('beforeExit', end)
    target.crashes.end()
    for (const signal of signals) process.removeListener(signal, obey)
  }

  for (const signal of signals) process.on(signal, obey)
  if (endsProcess) process.once('beforeExit', end)
  return () => {
    // On the way out the handlers stay: without them a second signal would kill the process and hide its exit code.
    if (seen === 0 || !exit) disobey()
  }
}
