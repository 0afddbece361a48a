import { type ProcessIdentity, sight } from './process-identity.ts'
import { ask, openFiles, procPids, readProc } from './system-tables.ts'

/** Running processes, other than this one, whose environment sets `variable` to something that begins with a prefix. */
export function processesWith(
  variable: string,
  prefixes: readonly string[],
  platform: NodeJS.Platform = process.platform,
): readonly ProcessIdentity[] {
  if (prefixes.length === 0) return []
  const assignments = prefixes.map((prefix) => `${variable}=${prefix}`)
  const pids = platform === 'linux' ? markedOnLinux(assignments) : markedByPs(assignments)
  return running(pids, platform)
}

/** Running processes, other than this one, that have one of these files open. */
export function processesHolding(
  paths: readonly string[],
  platform: NodeJS.Platform = process.platform,
): readonly ProcessIdentity[] {
  if (paths.length === 0) return []
  const pids = platform === 'linux' ? holdingOnLinux(paths) : holdingByLsof(paths)
  return running(pids, platform)
}

function running(pids: readonly number[], platform: NodeJS.Platform): readonly ProcessIdentity[] {
  return pids
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => sight(pid, platform) ?? [])
    .filter((seen) => !seen.zombie)
    .map(({ pid, startTime }) => ({ pid, startTime }))
}

function markedOnLinux(assignments: readonly string[]): readonly number[] {
  const marked = (environ: string): boolean =>
    assignments.some((one) => environ.includes(`\0${one}`))
  return procPids()
    .filter((pid) => marked(`\0${readProc(`${pid}/environ`) ?? ''}`))
    .map(Number)
}

function markedByPs(assignments: readonly string[]): readonly number[] {
  return ask('ps', ['axeww', '-o', 'pid=,command='])
    .split('\n')
    .filter((line) => assignments.some((one) => line.includes(` ${one}`)))
    .map((line) => Number.parseInt(line, 10))
}

function holdingOnLinux(paths: readonly string[]): readonly number[] {
  return procPids()
    .filter((pid) => openFiles(pid).some((path) => paths.includes(path)))
    .map(Number)
}

function holdingByLsof(paths: readonly string[]): readonly number[] {
  return ask('lsof', ['-t', '--', ...paths])
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}
