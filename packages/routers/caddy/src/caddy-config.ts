import type { Pool, RouteRule, RouteTable } from '@changeover/engine'
import { cookiePattern, headerPattern } from './mark-pattern.ts'
import type { Json, JsonObject } from './json.ts'
import { recordMark, writeRecord } from './route-record.ts'
import { upstreamSequence } from './upstream-sequence.ts'

/** What {@link caddyConfig} renders. */
export interface CaddyConfigInput {
  /** The `@id` of the route. */
  readonly id: string
  readonly table: RouteTable
  /** Instances that left the routes and may still have requests: named where no request passes, so that they stay counted. @default [] */
  readonly left?: Pool['instances']
  /** Fields for every `reverse_proxy` handler. @default {} */
  readonly proxy?: JsonObject
}

/** A request with this header is answered by Caddy itself, with the mark of the state in force in the same header. */
export const MARK_HEADER = 'X-Changeover-Mark'

const NANOSECONDS = 1_000_000

/** Only what never reached an instance is sent again: no request has such a method. */
const LOAD_BALANCING: JsonObject = {
  selection_policy: { policy: 'round_robin' },
  retries: 30,
  try_duration: 5_000 * NANOSECONDS,
  try_interval: NANOSECONDS,
  retry_match: [{ method: ['CHANGEOVER-NEVER'] }],
}

/**
 * The `handle` of the route of a service: what the adapter writes, and all that it ever changes. Pure, so that it can be shown
 * in a review or compared with what a Caddy has.
 *
 * The first route in it answers probes of the adapter, and keeps the table where no request passes. Then come the rules in their
 * order, then everybody else, by weight.
 *
 * @example
 * ```ts
 * const instances = [{ id: 'shop-1', address: '127.0.0.1:3001' }]
 * const pools = [{ release: 'v1', weight: 10_000, instances }]
 * const table = { service: 'shop', revision: 1, fence: 1, pools }
 * const handle = caddyConfig({ id: 'changeover-shop', table })
 * console.log(JSON.stringify(handle, undefined, 2))
 * ```
 */
export function caddyConfig({ id, table, left = [], proxy = {} }: CaddyConfigInput): Json[] {
  const { pools, rules = [] } = table
  const routes = [
    keeper({ id, table, left, proxy }),
    ...rules.flatMap((rule) => ruleRoute(rule, pools, proxy)),
    { handle: [byWeight(upstreamSequence(pools), proxy)] },
  ]
  return [{ handler: 'subroute', routes }]
}

function keeper({ id, table, left, proxy }: Required<CaddyConfigInput>): JsonObject {
  const text = writeRecord({ table, left, proxy })
  const answer = {
    handler: 'static_response',
    status_code: 204,
    headers: { [MARK_HEADER]: [recordMark(text)] },
  }
  const counted =
    left.length > 0
      ? [
          byWeight(
            left.map(({ address }) => address),
            proxy,
          ),
        ]
      : []
  return {
    match: [{ header: { [MARK_HEADER]: [id] } }],
    // The answer ends the request: what follows it is kept, and never run.
    handle: [answer, { handler: 'vars', changeover: text }, ...counted],
    terminal: true,
  }
}

function ruleRoute(
  { release, header, cookie, value }: RouteRule,
  pools: readonly Pool[],
  proxy: JsonObject,
): JsonObject[] {
  const field = header ?? 'Cookie'
  const pattern = cookie === undefined ? headerPattern(value) : cookiePattern(cookie, value)
  const pool = pools.find((one) => one.release === release)
  if (pattern === undefined || !pool) return []
  return [
    {
      match: [{ header_regexp: { [field]: { pattern } } }],
      handle: [
        byWeight(
          pool.instances.map(({ address }) => address),
          proxy,
        ),
      ],
      terminal: true,
    },
  ]
}

function byWeight(addresses: readonly string[], proxy: JsonObject): JsonObject {
  if (addresses.length === 0)
    return { handler: 'static_response', status_code: 503, headers: { 'Retry-After': ['1'] } }
  return {
    ...proxy,
    handler: 'reverse_proxy',
    upstreams: addresses.map((dial) => ({ dial })),
    load_balancing: LOAD_BALANCING,
  }
}
