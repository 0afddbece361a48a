import { type FileLockOptions, withFileLock } from './file-lock.ts'

/** Runs work on one file at a time: in this process in the order asked for, and under a lock against other ones. */
export type FileTurns = <Result>(path: string, work: () => Promise<Result>) => Promise<Result>

export function createFileTurns(options: FileLockOptions): FileTurns {
  const last = new Map<string, Promise<unknown>>()
  return (path, work) => {
    const locked = (): ReturnType<typeof work> => withFileLock(`${path}.lock`, work, options)
    const turn = (last.get(path) ?? Promise.resolve()).then(locked, locked)
    const forget = (): boolean => last.get(path) === turn && last.delete(path)
    last.set(path, turn)
    turn.then(forget, forget)
    return turn
  }
}
