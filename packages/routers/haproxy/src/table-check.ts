import { isIP } from 'node:net'
import { parseAddress, type RouteTable, routesAlike, staleTable } from '@changeover/engine'
import { shapeOf } from './config.ts'
import { namesOf } from './service-names.ts'
import { liveDrift, type LiveRoutes, liveTable } from './live-routes.ts'
import { isNameable } from './name-code.ts'
import type { ServiceSettings } from './options.ts'
import { instancesDigest, type RouteText, unknownMark } from './route-text.ts'

/** What to do with a table, given what is in force. */
export type Decision =
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'write' }

/** Decides about a table by what HAProxy says is in force. Pure. */
export function decide(service: ServiceSettings, live: LiveRoutes, table: RouteTable): Decision {
  const problem = shapeProblem(service, live) ?? tableProblem(service, table)
  if (problem !== undefined) return { kind: 'reject', reason: problem }
  const current = liveTable(live, service)
  const drifted = liveDrift(live, service).length > 0
  const stale = staleTable(appliedTable(live, current, table), table)
  if (stale !== undefined) return { kind: 'reject', reason: stale }
  const same =
    current !== undefined && current.fence === table.fence && current.revision === table.revision
  return same && !drifted ? { kind: 'nothing' } : { kind: 'write' }
}

/**
 * The table last applied, as far as it matters for whether `next` may replace it: what others changed since does not make it
 * another one, so that it can be put right by the same table.
 */
function appliedTable(
  { read }: LiveRoutes,
  current: RouteTable | undefined,
  next: RouteTable,
): RouteTable | undefined {
  if (!current || !read?.text || !isTextOf(read.text, next)) return current
  return { ...next, revision: current.revision, fence: current.fence }
}

function isTextOf({ pools, rules, affinity }: RouteText, next: RouteTable): boolean {
  const digests = new Map(pools.map(({ release, weight, digest }) => [release, { weight, digest }]))
  const alike = next.pools.every(({ release, weight, instances }) => {
    const known = digests.get(release)
    return known?.weight === weight && known.digest === instancesDigest(instances)
  })
  const extras = { service: '', revision: 0, fence: 0, pools: [] }
  const one = { ...extras, rules, ...(affinity ? { affinity } : {}) }
  const { rules: nextRules = [], affinity: nextAffinity } = next
  const other = { ...extras, rules: nextRules, ...(nextAffinity ? { affinity: nextAffinity } : {}) }
  return alike && pools.length === next.pools.length && routesAlike(one, other)
}

function shapeProblem(service: ServiceSettings, { shape }: LiveRoutes): string | undefined {
  if (shape === shapeOf(service)) return undefined
  const { proxy } = namesOf(service.name)
  return shape === undefined
    ? `HAProxy has no configuration of "${service.name}" (frontend ${proxy}): include what haproxyConfig() gives, and reload it`
    : `HAProxy runs an older configuration of "${service.name}": include what haproxyConfig() gives now, and reload it`
}

/** What of a table HAProxy could not follow with this configuration. */
function tableProblem(service: ServiceSettings, table: RouteTable): string | undefined {
  const { pools, rules = [], affinity } = table
  const mark = unknownMark(table, service)
  if (mark !== undefined)
    return `${mark} is not among the headers and cookies of services.${service.name}: add it, and reload HAProxy`
  const served = pools.filter(({ instances }) => instances.length > 0).length
  if (served > service.slots / 2)
    return `${served} releases have instances, and services.${service.name}.releases is ${service.slots / 2}`
  if (rules.length > service.rules)
    return `there are ${rules.length} rules, and services.${service.name}.rules is ${service.rules}`
  if (rules.some(({ value }) => value === '')) return 'a rule asks for an empty value'
  if (affinity?.salt === '') return 'the salt of the affinity is empty'
  return nameProblem(pools)
}

function nameProblem(pools: RouteTable['pools']): string | undefined {
  const instances = pools.flatMap((pool) => pool.instances)
  const names = [...pools.map(({ release }) => release), ...instances.map(({ id }) => id)]
  const long = names.find((name) => !isNameable(name))
  if (long !== undefined) return `HAProxy cannot take the name "${long}": it is empty or too long`
  const odd = instances.find(({ address }) => !isPlain(address))
  return (
    odd && `HAProxy takes IP addresses at runtime, and instance "${odd.id}" is at ${odd.address}`
  )
}

/** Whether HAProxy shows the address as it was told: an IPv4 one, or an IPv6 one in its shortest form. */
function isPlain(address: string): boolean {
  const { host = '' } = parseAddress(address) ?? {}
  if (isIP(host) === 4) return true
  if (isIP(host) !== 6 || host.includes('.')) return false
  return new URL(`http://[${host}]/`).hostname === `[${host}]`
}
