import type { DriverParts } from './driver-parts.ts'
import type { Found } from './in-force.ts'
import { type Marker, parseMarker } from './marker.ts'
import { masterOf, type NginxProcess, type Worker, workersOf } from './processes.ts'
import type { Generation } from './generation.ts'
import { readGenerations, readOwnFile, readSwitch } from './service-files.ts'

/** All that can be known of a service at one moment. */
export interface Look extends Found {
  readonly master: NginxProcess | undefined
  readonly workers: readonly Worker[]
  readonly generations: readonly Generation[]
  /** Workers that accept connections and began before the last reload. */
  readonly oldWorkers: number
  /** Why there is no marker. */
  readonly problem?: string
}

/** Looks at the files, the processes, and asks nginx. */
export async function confLook(
  { service, settings, paths, control }: DriverParts,
  signal?: AbortSignal,
): Promise<Look> {
  const master = masterOf(settings.pidFile)
  const asked = master ? await askMarker(service, control, signal) : {}
  const { marker } = asked
  const [file, previous, generations] = await Promise.all([
    readOwnFile(paths.conf),
    readOwnFile(paths.previous),
    readGenerations(paths),
  ])
  const flag =
    marker && settings.mode === 'file'
      ? await readSwitch(settings.directory, service, marker.digest)
      : undefined
  const workers = master ? workersOf(master) : []
  const oldWorkers = countOld(workers, generations, marker?.digest)
  return { master, workers, generations, oldWorkers, file, previous, flag, marker, ...asked }
}

/** Workers that accept connections though they began with another configuration than `digest`. Pure. */
export function countOld(
  workers: readonly Worker[],
  generations: readonly Generation[],
  digest: string | undefined,
): number {
  const others = generations.filter((one) => one.digest !== digest)
  const old = new Set(others.flatMap((one) => one.workers.map(keyOf)))
  return workers.filter((worker) => !worker.leaving && old.has(keyOf(worker))).length
}

export function keyOf({ pid, startedAt }: NginxProcess): string {
  return `${pid}/${startedAt}`
}

async function askMarker(
  service: string,
  control: DriverParts['control'],
  signal: AbortSignal | undefined,
): Promise<{ readonly marker?: Marker; readonly problem?: string }> {
  const answer = await control({ service, path: '/marker', signal })
  if ('problem' in answer) return { problem: answer.problem }
  const marker = answer.status === 200 ? parseMarker(service, answer.body) : undefined
  return marker
    ? { marker }
    : { problem: `its control server answers ${answer.status}, and not for "${service}"` }
}
