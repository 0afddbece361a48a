import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A file under `/proc`; undefined where its process is gone or another user's. */
export function readProc(path: string): string | undefined {
  return orUndefined(() => readFileSync(`/proc/${path}`, 'utf8'))
}

/** Every process that `/proc` knows of. */
export function procPids(): readonly string[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
}

/** Paths of the files that a process has open, as far as we may see them. */
export function openFiles(pid: string): readonly string[] {
  const descriptors = orUndefined(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return descriptors.flatMap((fd) => orUndefined(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [])
}

/** What a command of the system prints; nothing where it is missing. */
export function ask(command: string, args: readonly string[]): string {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' }
  const options = { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 } as const
  const stdout: string | null = spawnSync(command, args, options).stdout
  return stdout ?? ''
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
