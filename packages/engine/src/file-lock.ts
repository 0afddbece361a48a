import { readlink, symlink, unlink } from 'node:fs/promises'
import { refuse } from './changeover-error.ts'
import type { Clock } from './clock.ts'
import { isSystemError } from './file-error.ts'
import {
  decodeHolder,
  encodeHolder,
  isDead,
  type LockHolder,
  newHolder,
} from './file-lock-holder.ts'

export interface FileLockOptions {
  readonly clock: Clock
  /** How long to wait for a living holder. */
  readonly waitMs: number
  /** Ends the waiting; a lock that is free is taken all the same. */
  readonly signal?: AbortSignal
}

const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 20

/**
 * Runs `work` while this process alone holds the lock at `path`, among all processes of this machine.
 *
 * The lock is a symbolic link whose target names the holder, since a link comes into being in one step together with
 * what it says. A holder that is proved to be dead is put aside; one of another machine or container cannot be judged
 * and is waited for.
 *
 * @throws ChangeoverError `CHANGEOVER_STORE_LOCKED` when a holder that may be alive has it after `waitMs`
 */
export async function withFileLock<Result>(
  path: string,
  work: () => Promise<Result>,
  options: FileLockOptions,
): Promise<Result> {
  await acquire(path, options)
  try {
    return await work()
  } finally {
    await unlink(path)
  }
}

async function acquire(path: string, options: FileLockOptions): Promise<void> {
  const mine = encodeHolder(newHolder())
  const since = options.clock.now()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (await claim(path, mine)) return
    const holder = await holderOf(path)
    if (holder === undefined) continue
    if (isDead(decodeHolder(holder))) await putAside(path, holder, options)
    else await pause(path, decodeHolder(holder), { ...options, since, pauseMs })
  }
}

async function claim(path: string, mine: string): Promise<boolean> {
  try {
    await symlink(mine, path)
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  }
}

async function holderOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Takes the lock away from a dead holder. Only who holds the right to do so, a lock of its own named after that very
 * holder, may: of two processes that found the same dead holder, the later one would else delete the lock that the
 * earlier one holds by then.
 */
async function putAside(path: string, dead: string, options: FileLockOptions): Promise<void> {
  const remove = async (): Promise<void> => {
    if ((await holderOf(path)) === dead) await unlink(path)
  }
  await withFileLock(`${path}.${decodeHolder(dead).token}`, remove, options)
}

async function pause(
  path: string,
  { pid, host }: LockHolder,
  options: FileLockOptions & { readonly since: number; readonly pauseMs: number },
): Promise<void> {
  const { clock, signal, waitMs, since, pauseMs } = options
  const waitedMs = clock.now() - since
  if (waitedMs >= waitMs) throw refuse('CHANGEOVER_STORE_LOCKED', { path, waitedMs, pid, host })
  signal?.throwIfAborted()
  try {
    await clock.sleep(pauseMs, signal && { signal })
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}
