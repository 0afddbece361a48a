import { flushLogger } from './logger.ts'
import type { LifecycleSettings, SecondSignal } from './options.ts'
import { enterExit, leaveExit } from './process-exit.ts'
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
    if (exit) enterExit(token)
    const { exitCode } = await target.shutdown(signal)
    if (!exit) return
    await flushLogger(logger, flushLimitMs)
    disobey()
    leaveExit(token, exitCode)
  }

  function disobey(): void {
    for (const signal of signals) process.removeListener(signal, obey)
  }

  for (const signal of signals) process.on(signal, obey)
  return () => {
    // On the way out the handlers stay: without them a second signal would kill the process and hide its exit code.
    if (seen === 0 || !exit) disobey()
  }
}
