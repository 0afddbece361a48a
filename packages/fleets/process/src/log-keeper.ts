import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import type { Logger } from 'pino'
import { endedLogs } from './ended-logs.ts'
import type { LogFiles, LogOwner } from './log-files.ts'
import { createLogLimit, type RunningLog } from './log-limit.ts'

/** How much of the instances' output is kept. */
export interface LogSettings {
  /** Size in bytes from which a log is moved away. */
  readonly maxSize: number
  /** Older files of each instance. */
  readonly keep: number
  /** Ended instances of each service whose logs are kept. */
  readonly keepEnded: number
}

/** Keeps the logs on the disk within their bounds. What goes wrong is logged; nothing of it ends the owner. */
export interface LogKeeper {
  /**
   * The instance is about to run: makes its folder, and moves away what an earlier run under the same id printed. Answers
   * with the number of the first older file that can be of this run.
   */
  begin(owner: LogOwner): number
  /** The instance, whose first older file has the number `from`, runs already. */
  adopt(owner: LogOwner, from: number): void
  /** It has ended. */
  end(owner: LogOwner): void
  /** Moves away what is too large. */
  rotate(): Promise<void>
  /** Removes of a service's folder the logs of those that ended first. */
  prune(folder: string): void
  /** Leaves all logs as they are from now on: those that still run are another owner's. */
  stop(): void
}

/** A {@link LogKeeper} that knows of no instance yet. */
export function createLogKeeper(
  files: LogFiles,
  { keepEnded, ...bounds }: LogSettings,
  logger: Logger,
): LogKeeper {
  const running = new Map<string, RunningLog>()
  const complain = createComplaints(logger)
  let stopped = false
  const limit = createLogLimit(files, bounds, logger)
  const remember = (owner: LogOwner, from: number): RunningLog => {
    const log = { owner, next: Math.max((files.numbers(owner)[0] ?? 0) + 1, from) }
    running.set(files.current(owner), log)
    return log
  }
  const prune = (folder: string): void => {
    if (stopped) return
    const surplus = endedLogs(folder, (path) => running.has(path)).slice(keepEnded)
    for (const { paths } of surplus) paths.forEach((path) => rmSync(path, { force: true }))
  }
  return {
    begin(owner) {
      mkdirSync(files.folder(owner.service), { recursive: true, mode: 0o700 })
      const log = remember(owner, 1)
      if (!isEmpty(files.current(owner))) {
        renameSync(files.current(owner), files.older(owner, log.next++))
        limit.dropOlder(owner, bounds.keep)
      }
      return log.next
    },
    adopt: (owner, from) => void remember(owner, from),
    end(owner) {
      const path = files.current(owner)
      running.delete(path)
      markEnd(path)
      complain.unless(path, () => prune(files.folder(owner.service)))
    },
    async rotate() {
      for (const [path, log] of running) {
        await limit.enforce(log).then(
          () => complain.noMore(path),
          (error: unknown) => complain.of(path, error),
        )
      }
    },
    prune: (folder) => complain.unless(folder, () => prune(folder)),
    stop() {
      running.clear()
      stopped = true
    },
  }
}

interface Complaints {
  /** Logs a problem, unless it was the last one that this file had. */
  of(path: string, error: unknown): void
  noMore(path: string): void
  unless(path: string, work: () => void): void
}

function createComplaints(logger: Logger): Complaints {
  const last = new Map<string, string>()
  const of = (path: string, error: unknown): void => {
    if (last.get(path) === String(error)) return
    last.set(path, String(error))
    logger.warn({ err: error, path }, 'a log could not be kept within its bounds; tried again')
  }
  const noMore = (path: string): void => void last.delete(path)
  const unless = (path: string, work: () => void): void => {
    try {
      work()
      noMore(path)
    } catch (error) {
      of(path, error)
    }
  }
  return { of, noMore, unless }
}

function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0
}

/** Whoever printed nothing for days has ended now all the same. */
function markEnd(path: string): void {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch {
    // Somebody tidied it away.
  }
}
