import { randomBytes } from 'node:crypto'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, thisProcess } from './processes.ts'
import { readProcess } from './stored.ts'
import { systemCode } from './problem-of.ts'

/** The right to write a service's files, among all adapters of this machine. */
export interface WriterLock {
  /** Whether nobody took it over meanwhile. To be asked right before anything is written. */
  readonly held: () => Promise<boolean>
  readonly release: () => Promise<void>
}

const EVERY_MS = 20

/** How long the lock is waited for, and how long a holder keeps it. */
export interface LockTimes {
  readonly waitMs: number
  /**
   * A holder that lives but holds it for longer is taken to be paused. It asks again whether it holds the lock right before it
   * writes, so that only one which is paused between the two can still write an older table: that is seen as an older revision.
   */
  readonly pausedMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes the lock as soon as nobody has it; undefined where that takes longer than `waitMs`. A holder that is dead has
 * lost it.
 */
export async function takeLock(path: string, times: LockTimes): Promise<WriterLock | undefined> {
  const { waitMs, pausedMs, signal } = times
  const mine = JSON.stringify({ ...thisProcess(), token: randomBytes(8).toString('hex') })
  const until = performance.now() + waitMs
  for (;;) {
    if (await create(path, mine)) return lockOf(path, mine)
    if ((await isAbandoned(path, pausedMs)) && (await remove(path, pausedMs))) continue
    if (performance.now() > until) return undefined
    await delay(EVERY_MS, undefined, signal ? { signal } : {})
  }
}

/** Longer than a removal takes; a guard of this age was left by a process that ended meanwhile. */
const GUARD_MS = 5_000

/** Removes an abandoned lock, one process at a time: else the second one would remove the lock that the first took then. */
async function remove(path: string, pausedMs: number): Promise<boolean> {
  const guard = `${path}.removal`
  if (!(await create(guard, ''))) {
    if (((await ageOf(guard)) ?? 0) > GUARD_MS) await rm(guard, { force: true })
    return false
  }
  try {
    if (await isAbandoned(path, pausedMs)) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
  return true
}

function lockOf(path: string, mine: string): WriterLock {
  const held = async (): Promise<boolean> => (await textOf(path)) === mine
  return {
    held,
    release: async () => {
      if (await held()) await rm(path, { force: true })
    },
  }
}

/** @throws Error where the directory cannot be written */
async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o644)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

async function isAbandoned(path: string, pausedMs: number): Promise<boolean> {
  const [text, ageMs] = [await textOf(path), await ageOf(path)]
  if (text === undefined || ageMs === undefined) return false
  const holder = readProcess(text)
  // Written in one go, but not with the name: a young file may still be empty.
  if (!holder) return ageMs > 1_000
  return ageMs > pausedMs || !isAlive(holder)
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

async function ageOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  )
}
