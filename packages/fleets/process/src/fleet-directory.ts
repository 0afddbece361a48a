import { rmSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '@changeover/engine'
import type { Logger } from 'pino'
import { fileName } from './file-name.ts'
import { type InstanceRecord, instanceRecord } from './instance-record.ts'
import { type LogFolder, openLogFolder } from './log-folder.ts'
import type { LogSettings } from './log-keeper.ts'
import { type OwnerLock, takeOwnership, unreadable } from './owner-lock.ts'

/** A fleet's memory on disk: one file per instance, one log per instance, one owner. */
export interface FleetDirectory {
  /** What the owner before left behind. Read once, when the directory is opened. */
  readonly leftovers: readonly InstanceRecord[]
  /** Whole or not at all: a crash leaves the record as it was before. */
  save(record: InstanceRecord): Promise<void>
  /** Done when it returns, so that a launch under the same id cannot be overtaken by it. */
  forget(id: string): void
  readonly logs: LogFolder
  release(): Promise<void>
}

/**
 * Makes the directory where it is missing, takes it over, and reads what is in it.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_PROCESS_DIRECTORY_OWNED`,
 * `CHANGEOVER_PROCESS_STATE_UNREADABLE`
 */
export async function openFleetDirectory(
  directory: string,
  logSettings: LogSettings,
  logger: Logger,
): Promise<FleetDirectory> {
  const root = await makeRoot(directory)
  const instances = join(root, 'instances')
  const lock = await takeOwnership(root)
  const leftovers = await readRecords(instances).catch((error: unknown) => giveUp(lock, error))
  const pathOf = (id: string): string => join(instances, `${fileName(id)}.json`)
  const logs = openLogFolder(join(root, 'logs'), logSettings, logger)

  return {
    leftovers,
    async save(record) {
      const path = pathOf(record.id)
      await writeFile(`${path}.tmp`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
      await rename(`${path}.tmp`, path)
    },
    forget: (id) => rmSync(pathOf(id), { force: true }),
    logs,
    async release() {
      await logs.close()
      await lock.release()
    },
  }
}

async function readRecords(instances: string): Promise<readonly InstanceRecord[]> {
  const records: InstanceRecord[] = []
  for (const name of await readdir(instances)) {
    const path = join(instances, name)
    if (name.endsWith('.json')) records.push(await readRecord(path))
    else await rm(path, { force: true }) // A draft whose writer died.
  }
  return records
}

async function readRecord(path: string): Promise<InstanceRecord> {
  const text = await readFile(path, 'utf8')
  try {
    return instanceRecord.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The real path, because that is how the system names the logs that a process has open. */
async function makeRoot(directory: string): Promise<string> {
  try {
    await mkdir(join(directory, 'instances'), { recursive: true, mode: 0o700 })
    return await realpath(directory)
  } catch (error) {
    throw unusable(directory, error)
  }
}

function unusable(directory: string, cause: unknown): Error {
  const problem = cause instanceof Error ? cause.message : String(cause)
  const remedy = 'Name a directory on a local disk that this user may write to.'
  const details = { field: 'directory', problem, value: directory, remedy }
  return refuse('CHANGEOVER_OPTION_INVALID', details, cause)
}

async function giveUp(lock: OwnerLock, error: unknown): Promise<never> {
  await lock.release()
  throw error
}
