import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Kept } from '../route-memory.ts'
import { routerError } from '../router-error.ts'
import { decodeState, EMPTY_STATE, encodeState, type RouterState } from './router-state.ts'

/** The file that a router process remembers by. One process writes it, one thing at a time. */
export interface StateFile {
  /** What it says now. */
  readonly state: () => RouterState
  /** Writes what `change` makes of it. Whole or not at all, also if the machine stops. Does not throw. */
  write(change: (state: RouterState) => RouterState): Promise<Kept>
}

/**
 * Reads the file, if there is one.
 *
 * A file that is damaged is refused rather than passed over for an older one: an older table would send requests to
 * instances that have been stopped and to a release that was rolled back, and would forget the highest fence.
 *
 * @throws ChangeoverError `CHANGEOVER_ROUTER_STATE_UNREADABLE`
 */
export async function openStateFile(path: string): Promise<StateFile> {
  let state = await readState(path)
  let last: Promise<unknown> = Promise.resolve()

  const write = async (change: (state: RouterState) => RouterState): Promise<Kept> => {
    const next = change(state)
    const kept = await replace(path, encodeState(next))
    if (kept.outcome === 'kept') state = next
    return kept
  }

  return {
    state: () => state,
    write(change) {
      const turn = last.then(() => write(change))
      last = turn
      return turn
    },
  }
}

async function readState(path: string): Promise<RouterState> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    const problem = String(error)
    throw routerError('CHANGEOVER_ROUTER_STATE_UNREADABLE', { path, problem }, error)
  })
  if (text === undefined) return EMPTY_STATE
  const state = decodeState(text)
  if (!('problem' in state)) return state
  throw routerError('CHANGEOVER_ROUTER_STATE_UNREADABLE', { path, problem: state.problem })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Once it is renamed, it may be found after a crash, whatever fails then. */
async function replace(path: string, text: string): Promise<Kept> {
  const draft = `${path}.tmp`
  try {
    await writeDurably(draft, text)
    await rename(draft, path)
  } catch (error) {
    return { outcome: 'refused', reason: `the table could not be written: ${String(error)}` }
  }
  try {
    await syncDirectory(dirname(path))
    return { outcome: 'kept' }
  } catch (error) {
    return { outcome: 'doubtful', reason: `the table may not be on the disk: ${String(error)}` }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
