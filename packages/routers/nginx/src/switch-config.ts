import { FULL_WEIGHT, type RouteTable } from '@changeover/engine'
import { upstreamName, variableName } from './conf-text.ts'
import { chain } from './split-config.ts'

/** The two releases between which a flip needs no reload: the one that serves, and the one that waits. */
export interface SwitchPair {
  readonly first: string | undefined
  readonly second: string | undefined
}

/** The pair of a table: who has all the traffic, and the first of those that have none. */
export function switchPair({ pools }: RouteTable): SwitchPair {
  return {
    first: pools.find(({ weight }) => weight === FULL_WEIGHT)?.release,
    second: pools.find(({ weight }) => weight === 0)?.release,
  }
}

/**
 * What of a table its configuration holds: all but whose turn it is. Two tables alike in this differ by the flag alone.
 * The order of pools does not matter, and neither do those of their instances.
 */
export function switchStructure({ service, pools, rules = [] }: RouteTable): unknown {
  const sorted = pools.map(({ release, instances }) => [
    release,
    instances.map(({ id, address }) => [id, address].join(' ')).toSorted(),
  ])
  sorted.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  return [
    service,
    sorted,
    rules.map(({ release, header, cookie, value }) => [release, header, cookie, value]),
  ]
}

/** The path of the flag as the location reads it. Its name holds the digest, so that no flag outlives its configuration. */
export function switchPath(directory: string, service: string, digest: string): string {
  return `${directory}/${service}.${digest}.switch`
}

/** Maps that lead each request to an upstream: in one variable where the flag is not set, in another where it is. */
export function switchConfig(table: RouteTable, digest: string): string {
  const name = variableName(table.service)
  const { first, second } = switchPair(table)
  const upstream = (release: string | undefined): string =>
    release === undefined ? '""' : upstreamName(table.service, release)
  return [
    `map $request_id $${name}_digest {\n  default ${digest};\n}`,
    ...chain(table, name, upstream(first)),
    ...chain(table, `${name}_flipped`, upstream(second ?? first)),
  ].join('\n')
}
