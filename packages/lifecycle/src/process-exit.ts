import type { ShutdownExitCode } from './shutdown-report.ts'

/** Lifecycles of this process that a signal is stopping, and the worst code among those that stopped. */
interface Ledger {
  readonly pending: Set<object>
  worst: ShutdownExitCode
  /** What {@link noteExit} wrote last. */
  noted?: ShutdownExitCode
}

declare global {
  // On the global object, so that two installed copies of this package share it.
  var changeoverExits: Ledger | undefined
}

const severity: readonly ShutdownExitCode[] = [0, 71, 72, 70]

/** Keeps the other lifecycles of this process from exiting it, until {@link leaveExit} is called with the same token. */
export function enterExit(token: object): void {
  globalThis.changeoverExits ??= { pending: new Set(), worst: 0 }
  globalThis.changeoverExits.pending.add(token)
}

/** Whether the process exits as soon as one of its lifecycles has stopped: no other one is still at it. */
export function exitIsNear(): boolean {
  return globalThis.changeoverExits?.pending.size === 1
}

/** Exits the process with the worst code, once no lifecycle is still stopping. */
export function leaveExit(token: object, code: ShutdownExitCode): void {
  const ledger = globalThis.changeoverExits ?? { pending: new Set(), worst: 0 }
  ledger.pending.delete(token)
  ledger.worst = worseOf(ledger.worst, code)
  if (ledger.pending.size === 0) process.exit(ledger.worst)
}

/** Lets the process end by itself, with the worst code of the lifecycles that stopped. An exit code of the application's stays. */
export function noteExit(code: ShutdownExitCode): void {
  const ledger = (globalThis.changeoverExits ??= { pending: new Set(), worst: 0 })
  const own = process.exitCode !== undefined && process.exitCode !== ledger.noted
  ledger.worst = worseOf(ledger.worst, code)
  if (own) return
  ledger.noted = ledger.worst
  process.exitCode = ledger.worst
}

/** Forced is worse than an uncaught exception, that than a failed hook, and that than clean. Pure. */
export function worseOf(one: ShutdownExitCode, other: ShutdownExitCode): ShutdownExitCode {
  return severity.indexOf(one) > severity.indexOf(other) ? one : other
}
