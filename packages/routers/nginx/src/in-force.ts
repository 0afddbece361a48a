import { FULL_WEIGHT, type RouteTable } from '@changeover/engine'
import type { Marker } from './marker.ts'
import type { OwnFile } from './own-file.ts'
import { switchPair } from './switch-config.ts'
import type { Switch } from './service-files.ts'

/** What was found on disk and heard from nginx, about one service. */
export interface Found {
  readonly file: OwnFile | undefined
  readonly previous: OwnFile | undefined
  readonly marker: Marker | undefined
  /** In mode `file`: the flag of the configuration that nginx runs with. */
  readonly flag?: Switch | undefined
}

/** What is in force, as far as that is proven. */
export interface InForce {
  readonly table: RouteTable | undefined
  readonly drift: readonly string[]
}

/** The table that nginx follows: the one of the sealed file whose digest it answers with. Pure. */
export function inForce({ file, previous, marker, flag }: Found): InForce {
  if (!file) return { table: undefined, drift: ['the configuration file is gone or unreadable'] }
  if (!file.sealed)
    return { table: undefined, drift: ['the configuration file was changed by somebody else'] }
  if (!marker)
    return { table: undefined, drift: ['nginx does not tell which configuration it runs with'] }
  const run = [file, previous].find((one) => one?.sealed && one.head.digest === marker.digest)
  if (!run)
    return {
      table: undefined,
      drift: [`nginx runs with a configuration of revision ${marker.revision} that is not on disk`],
    }
  const behind =
    run === file
      ? []
      : [`revision ${file.head.table.revision} is on disk, and nginx was not reloaded since`]
  if (run.head.mode !== 'file') return { table: run.head.table, drift: behind }
  const { table, drift } = flipped(run, marker, flag)
  return { table, drift: [...behind, ...drift] }
}

function flipped({ head }: OwnFile, { switched }: Marker, flag: Switch | undefined): InForce {
  if (!flag) return switched ? astray() : { table: head.table, drift: ['the flag file is gone'] }
  const { second } = switchPair(head.table)
  const leads = second !== undefined && fullRelease(flag.table) === second
  return leads === switched && flag.switched === switched
    ? { table: flag.table, drift: [] }
    : astray()
}

function astray(): InForce {
  return { table: undefined, drift: ['the flag file was changed by somebody else'] }
}

export function fullRelease({ pools }: RouteTable): string | undefined {
  return pools.find(({ weight }) => weight === FULL_WEIGHT)?.release
}

/** Instances that some new request can reach under a table. */
export function reachable({ pools, rules = [], affinity, mirror }: RouteTable): readonly string[] {
  const named = new Set(
    [...rules, ...(affinity ? [affinity] : []), ...(mirror ? [mirror] : [])].map(
      ({ release }) => release,
    ),
  )
  return pools
    .filter(({ release, weight }) => weight > 0 || named.has(release))
    .flatMap(({ instances }) => instances.map(({ id }) => id))
}

/** All instances that a table names. */
export function named({ pools }: RouteTable): readonly string[] {
  return pools.flatMap(({ instances }) => instances.map(({ id }) => id))
}
