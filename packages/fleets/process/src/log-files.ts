import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileName } from './file-name.ts'
import { fleetError } from './fleet-error.ts'
import { hasCode } from './system-error.ts'

/** Which instance's output is meant. */
export interface LogOwner {
  readonly id: string
  readonly service: string
}

/** The log files of one fleet: `<service>/<instance>.log`, and of what was moved out of it `<instance>.log.<n>`. */
export interface LogFiles {
  /** The file that the instance writes to. */
  current(owner: LogOwner): string
  /** What was moved out of it under number `n`, from 1 on; the highest is the youngest. */
  older(owner: LogOwner, n: number): string
  /** Where a copy is made. */
  draft(owner: LogOwner): string
  /** Numbers of the older files, youngest first. Asks the disk. */
  numbers(owner: LogOwner): readonly number[]
  /** All that is kept, by the current file's path. Drafts come without numbers. */
  folder(service: string): string
}

const NUMBERED = /^(.+)\.log\.(\d+)$/

/** Names of log files below `root`. Ids are encoded: none of them is a path, and none holds a dot. */
export function logFiles(root: string): LogFiles {
  const folder = (service: string): string => join(root, fileName(service))
  const current = ({ id, service }: LogOwner): string =>
    join(folder(service), `${fileName(id)}.log`)
  return {
    current,
    older: (owner, n) => `${current(owner)}.${n}`,
    draft: (owner) => `${current(owner)}.tmp`,
    numbers({ id, service }) {
      const found = namesIn(folder(service)).map((name) => NUMBERED.exec(name))
      const own = found.filter((match) => match?.[1] === fileName(id))
      return own.map((match) => Number(match?.[2])).sort((a, b) => b - a)
    },
    folder,
  }
}

/** Names in a folder; none where there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return []
    throw error
  }
}

/** Builds the error for an instance of which there are no logs. */
export function unknownInstance({ id, service }: LogOwner): Error {
  return fleetError('CHANGEOVER_PROCESS_INSTANCE_UNKNOWN', { id, service })
}
