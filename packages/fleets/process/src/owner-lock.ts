import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fleetError } from './fleet-error.ts'
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts'
import { hasCode } from './system-error.ts'

/** Proof that this process, and no other, decides about a directory's instances. */
export interface OwnerLock {
  /** Leaves the directory to the next owner. */
  release(): Promise<void>
}

/** What an owner file says: who owns the directory; nothing once it is released. */
const ownerFile = z.strictObject({
  owner: z.strictObject({ pid: z.int(), startTime: z.string() }).optional(),
})
type OwnerFile = z.infer<typeof ownerFile>

const NAME = /^owner-(\d+)\.json$/

/**
 * Takes a directory whose owner is dead, has released it, or never was.
 *
 * Owners are numbered: the highest number owns. A number is taken by creating its file with `link`, which one process
 * alone can do, and numbers never go down; so of two that see the same dead owner exactly one follows it.
 *
 * @throws ChangeoverError `CHANGEOVER_PROCESS_DIRECTORY_OWNED` naming the pid of a living owner
 */
export async function takeOwnership(directory: string): Promise<OwnerLock> {
  const owner = identify(process.pid)
  for (;;) {
    const numbers = await ownerNumbers(directory)
    const last = numbers.at(-1) ?? 0
    const before = last === 0 ? {} : await readOwner(directory, last)
    if (before === undefined) continue // Another one was faster and has tidied up. Look again.
    if (before.owner !== undefined && isRunning(before.owner)) throw owned(directory, before.owner)
    if (!(await create(directory, last + 1, { owner }))) continue
    if ((await ownerNumbers(directory)).at(-1) !== last + 1) {
      await rm(pathOf(directory, last + 1), { force: true })
      continue
    }
    for (const number of numbers) await rm(pathOf(directory, number), { force: true })
    return { release: () => replace(pathOf(directory, last + 1), {}) }
  }
}

async function ownerNumbers(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory)
  return names.flatMap((name) => Number(NAME.exec(name)?.[1] ?? [])).sort((a, b) => a - b)
}

async function readOwner(directory: string, number: number): Promise<OwnerFile | undefined> {
  const path = pathOf(directory, number)
  try {
    return ownerFile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw unreadable(path, error)
  }
}

async function create(directory: string, number: number, content: OwnerFile): Promise<boolean> {
  const draft = join(directory, `owner-${randomUUID()}.tmp`)
  await writeFile(draft, JSON.stringify(content))
  try {
    await link(draft, pathOf(directory, number))
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function replace(path: string, content: OwnerFile): Promise<void> {
  await writeFile(`${path}.tmp`, JSON.stringify(content))
  await rename(`${path}.tmp`, path)
}

function pathOf(directory: string, number: number): string {
  return join(directory, `owner-${number}.json`)
}

/** Builds the error for a state file that cannot be understood. */
export function unreadable(path: string, cause: unknown): Error {
  return fleetError('CHANGEOVER_PROCESS_STATE_UNREADABLE', { path }, cause)
}

function owned(directory: string, { pid }: ProcessIdentity): Error {
  return fleetError('CHANGEOVER_PROCESS_DIRECTORY_OWNED', { directory, pid })
}
