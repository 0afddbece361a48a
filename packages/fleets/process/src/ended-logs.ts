import { statSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from './log-files.ts'

/** All that is kept of one instance that has ended. */
interface EndedLog {
  readonly paths: readonly string[]
  /** When the last of it was written, or its end was seen; milliseconds since the epoch. */
  readonly at: number
}

const LOG = /^([^.]+)\.log(?:\.(?:\d+|tmp))?$/

/** The logs in a service's folder of instances that do not run, those that ended last first. */
export function endedLogs(
  folder: string,
  isRunning: (path: string) => boolean,
): readonly EndedLog[] {
  const byInstance = new Map<string, string[]>()
  for (const name of namesIn(folder)) {
    const instance = LOG.exec(name)?.[1]
    if (instance !== undefined)
      byInstance.set(instance, [...(byInstance.get(instance) ?? []), name])
  }
  return [...byInstance]
    .filter(([instance]) => !isRunning(join(folder, `${instance}.log`)))
    .map(([, names]) => endedLog(names.map((name) => join(folder, name))))
    .sort((a, b) => b.at - a.at)
}

function endedLog(paths: readonly string[]): EndedLog {
  const times = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  return { paths, at: Math.max(...times) }
}
