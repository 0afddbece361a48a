import { openSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { readLastLines } from './last-lines.ts'
import { type LogFiles, logFiles, type LogOwner, namesIn, unknownInstance } from './log-files.ts'
import { createLogKeeper, type LogSettings } from './log-keeper.ts'
import { fileTail, type OutputTail } from './output-tail.ts'
import { createTurns } from './turns.ts'

/** A log file opened for an instance. The caller closes `file` once the instance has it. */
export interface OpenLog {
  readonly file: number
  /** Number of the first older file that this run's output can come to be in. */
  readonly from: number
}

/** The logs of a fleet's instances. Those of running ones are rotated while it is open. */
export interface LogFolder {
  /** An empty log; what an earlier run under the same id printed is moved away. It is rotated from now on. */
  open(owner: LogOwner): OpenLog
  /** The log of this instance, which runs already, is rotated from now on. */
  adopt(owner: LogOwner, from: number): void
  /** It does not run any more. Its log stays until enough others have ended. */
  end(owner: LogOwner): void
  path(owner: LogOwner): string
  /** The last lines of the run that began with the older file `from`. */
  tail(owner: LogOwner, from: number, keepLines: number): OutputTail
  /** The last lines of all runs. @throws ChangeoverError `CHANGEOVER_PROCESS_INSTANCE_UNKNOWN` */
  read(owner: LogOwner, lines: number, signal?: AbortSignal): Promise<string>
  /** Brings what an owner before left within the bounds; what is large by and by, since somebody waits for the instances. */
  tidy(): void
  close(): Promise<void>
}

// A file tells of its growth with an event for each write, which costs the owner of a fast writer more than looking.
const LOOK_EVERY_MS = 1000

/** The logs below `root`, which is made with the first of them. */
export function openLogFolder(root: string, settings: LogSettings, logger: Logger): LogFolder {
  const files = logFiles(root)
  const keeper = createLogKeeper(files, settings, logger)
  const takeTurn = createTurns()
  let looking: Promise<void> | undefined
  const look = (): Promise<void> =>
    (looking ??= takeTurn(() => keeper.rotate()).finally(() => (looking = undefined)))
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref()

  return {
    open(owner) {
      const from = keeper.begin(owner)
      return { file: openSync(files.current(owner), 'a', 0o600), from }
    },
    adopt: (owner, from) => keeper.adopt(owner, from),
    end: (owner) => keeper.end(owner),
    path: (owner) => files.current(owner),
    tail: (owner, from, keepLines) => fileTail(() => pathsOf(files, owner, from), keepLines),
    read: (owner, lines, signal) =>
      takeTurn(async () => {
        signal?.throwIfAborted()
        const paths = pathsOf(files, owner)
        if (!(await anyThere(paths))) throw unknownInstance(owner)
        return readLastLines(paths, lines, signal)
      }),
    tidy() {
      for (const name of namesIn(root)) keeper.prune(join(root, name))
      void look()
    },
    async close() {
      clearInterval(timer)
      keeper.stop()
      await takeTurn(() => Promise.resolve())
    },
  }
}

/** The youngest first. */
function pathsOf(files: LogFiles, owner: LogOwner, from = 0): readonly string[] {
  const older = files.numbers(owner).filter((n) => n >= from)
  return [files.current(owner), ...older.map((n) => files.older(owner, n))]
}

async function anyThere(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(paths.map((path) => access(path)))
  return found.some(({ status }) => status === 'fulfilled')
}
