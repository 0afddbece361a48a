import { chmod, lstat, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemClock, withFileLock, ChangeoverError } from '@changeover/engine'
import { agentError, wordsOf } from './agent-error.ts'

/** Where the agent keeps what. */
export interface AgentFiles {
  readonly directory: string
  readonly socket: string
  readonly lock: string
  readonly tokens: string
  readonly audit: string
  readonly store: string
  readonly fleet: string
  readonly router: string
  readonly notifications: string
}

/** Longest path that a unix socket can have on every system. */
const LONGEST_SOCKET_PATH = 103

/** Names the files in `directory`; nothing is made. @throws ChangeoverError `CHANGEOVER_AGENT_DIRECTORY_INVALID` */
export function agentFiles(wish: string): AgentFiles {
  const directory = resolve(wish)
  const at = (name: string): string => join(directory, name)
  const bytes = Buffer.byteLength(at('agent.sock'))
  if (bytes > LONGEST_SOCKET_PATH)
    throw refused(
      directory,
      `its socket has a path of ${bytes} bytes; ${LONGEST_SOCKET_PATH} are possible`,
    )
  return {
    directory,
    socket: at('agent.sock'),
    lock: at('agent.lock'),
    tokens: at('tokens.json'),
    audit: at('audit.jsonl'),
    store: at('store'),
    fleet: at('fleet'),
    router: at('router'),
    notifications: at('notifications'),
  }
}

/**
 * Makes the directory where it is missing, for its owner alone.
 *
 * @throws ChangeoverError `CHANGEOVER_AGENT_DIRECTORY_INVALID` where it is no directory of ours
 */
export async function makeDirectory({ directory }: AgentFiles): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { uid, mode } = await lstat(directory)
    const own = process.getuid?.()
    if (own !== undefined && uid !== own) throw new Error(`it belongs to user ${uid}`)
    if ((mode & 0o077) !== 0) await chmod(directory, 0o700)
  } catch (error) {
    throw refused(directory, wordsOf(error), error)
  }
}

function refused(directory: string, problem: string, cause?: unknown): Error {
  return agentError('CHANGEOVER_AGENT_DIRECTORY_INVALID', { directory, problem }, cause)
}

/** Proof that this process is the only agent of a directory. */
export interface AgentLock {
  release(): Promise<void>
}

/**
 * Takes the directory for this process. A holder that has ended, by whatever end or before a reboot, is put aside.
 *
 * @throws ChangeoverError `CHANGEOVER_AGENT_RUNNING` with the pid of an agent that is alive
 */
export async function lockDirectory({ directory, lock }: AgentFiles): Promise<AgentLock> {
  let end: (() => void) | undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let held: Promise<void> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const hold = (): Promise<void> => {
        resolve()
        return ended
      }
      held = withFileLock(lock, hold, { clock: systemClock(), waitMs: 0 })
      held.catch(reject)
    })
  } catch (error) {
    throw isLocked(error)
      ? agentError('CHANGEOVER_AGENT_RUNNING', { ...error.details, directory }, error)
      : error
  }
  return {
    async release() {
      end?.()
      await held
    },
  }
}

function isLocked(error: unknown): error is ChangeoverError {
  return error instanceof ChangeoverError && error.code === 'CHANGEOVER_STORE_LOCKED'
}
