import { inspect } from 'node:util'

import { silentLogger } from './logger.ts'
import type { Logger } from './logger.ts'

/** Keeps an exception that nobody caught from ending a process whose requests are still being answered. */
export interface CrashWatch {
  /** From now on exceptions are logged and counted. Does nothing where the application deals with them itself. */
  readonly begin: () => void
  /** How many there were. */
  readonly seen: () => number
  /** Leaves exceptions to Node again. */
  readonly end: () => void
}

/** Does not watch yet. An unhandled rejection arrives here too, since Node makes an exception of it. */
export function createCrashWatch(logger: Logger): CrashWatch {
  let seen = 0

  function note(error: unknown, origin: string): void {
    seen += 1
    logger.error({ err: error, origin }, 'uncaught exception in the drain')
    // Nobody must have to guess why the exit code is not 0.
    if (logger === silentLogger) process.stderr.write(`${inspect(error)}\n`)
  }

  return {
    begin: () => {
      if (process.listenerCount('uncaughtException') > 0) return
      process.on('uncaughtException', note)
    },
    seen: () => seen,
    end: () => void process.removeListener('uncaughtException', note),
  }
}
