import { rmSync } from 'node:fs'
import { stat, truncate } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { LogFiles, LogOwner } from './log-files.ts'
import { rotateLog } from './log-rotation.ts'
import { hasCode } from './system-error.ts'

/** The log of an instance that runs. */
export interface RunningLog {
  readonly owner: LogOwner
  /** Number of the next older file. Never goes down during a run, even where older ones were removed. */
  next: number
}

/** Keeps single logs within `maxSize` bytes and `keep` older files. */
export interface LogLimit {
  /** Moves the log away where it is too large. Rejects with the system's error, and nothing was lost. */
  enforce(log: RunningLog): Promise<void>
  /** Removes older files but for the `left` youngest ones. */
  dropOlder(owner: LogOwner, left: number): void
}

/** What the system says where nothing can be added: to the disk, to the user's share of it, to the file. */
const DISK_FULL = ['ENOSPC', 'EDQUOT', 'EFBIG']

/**
 * Where the disk is full, room is made by the oldest files of the same log; and where that is not enough, its content is
 * dropped: the bound holds all the same, since nothing else would end the growth.
 */
export function createLogLimit(
  files: LogFiles,
  { maxSize, keep }: { readonly maxSize: number; readonly keep: number },
  logger: Logger,
): LogLimit {
  const dropOlder = (owner: LogOwner, left: number): void => {
    const surplus = files.numbers(owner).slice(left)
    surplus.forEach((n) => rmSync(files.older(owner, n), { force: true }))
  }
  const moveOut = async (path: string, log: RunningLog): Promise<void> => {
    const { owner, next } = log
    if (keep === 0) return truncate(path)
    await rotateLog(path, { draft: files.draft(owner), path: files.older(owner, next) })
    log.next = next + 1
    dropOlder(owner, keep)
  }
  const makeRoom = async (path: string, log: RunningLog, error: unknown): Promise<void> => {
    const count = files.numbers(log.owner).length
    if (count > 0) {
      dropOlder(log.owner, count - 1)
      return enforce(log)
    }
    logger.warn({ err: error, path }, 'no room to keep a log: what was in it is dropped')
    await truncate(path)
  }
  const enforce = async (log: RunningLog): Promise<void> => {
    const path = files.current(log.owner)
    try {
      if ((await stat(path)).size >= maxSize) await moveOut(path, log)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return // Somebody tidied it away.
      if (!hasCode(error, ...DISK_FULL)) throw error
      await makeRoom(path, log, error)
    }
  }
  return { enforce, dropOlder }
}
