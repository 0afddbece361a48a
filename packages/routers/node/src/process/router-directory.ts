import { mkdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { refuse } from '@changeover/engine'

/** The files of a router process. */
export interface RouterFiles {
  readonly directory: string
  /** Where it takes its orders. */
  readonly socket: string
  /** The tables in force, and the ports that it took. */
  readonly state: string
  /** Held by the one process of the directory. */
  readonly lock: string
  readonly log: string
}

/** Longest path that a unix socket can have on every system. */
const LONGEST_SOCKET_PATH = 103

/**
 * Names the files in `directory`; nothing is made.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where the path is too long for a socket
 */
export function routerFiles(directory: string): RouterFiles {
  const socket = join(directory, 'router.sock')
  const bytes = Buffer.byteLength(socket)
  if (bytes > LONGEST_SOCKET_PATH)
    throw refused(
      directory,
      `a socket in it has a path of ${bytes} bytes; ${LONGEST_SOCKET_PATH} are possible`,
    )
  return {
    directory,
    socket,
    state: join(directory, 'routes.json'),
    lock: join(directory, 'owner.lock'),
    log: join(directory, 'router.log'),
  }
}

/**
 * Makes the directory where it is missing. Whoever may write to it could answer in the router's place.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where it is no directory, or others may write to it
 */
export function openDirectory(directory: string): void {
  const problem =
    openingProblem(directory) ?? accessProblem(statSync(directory), process.getuid?.())
  if (problem !== undefined) throw refused(directory, problem)
}

function openingProblem(directory: string): string | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return undefined
  } catch (error) {
    return `it cannot be made: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Why a directory with these properties is not private to user `uid`. */
export function accessProblem(
  stats: Pick<Stats, 'uid' | 'mode'>,
  uid: number | undefined,
): string | undefined {
  if (uid !== undefined && stats.uid !== uid) return `it belongs to user ${stats.uid}, not ${uid}`
  const others = stats.mode & 0o022
  return others === 0 ? undefined : 'others than its owner may write to it'
}

function refused(value: string, problem: string): Error {
  const remedy = 'Name a directory of your own with mode 0700, on a local disk, by a short path.'
  return refuse('CHANGEOVER_OPTION_INVALID', { field: 'directory', value, problem, remedy })
}
