import { createHash } from 'node:crypto'
import { type HaproxyConfigOptions, parseConfigOptions, type ServiceSettings } from './options.ts'
import { PLAIN_COUNTERS, requestRules } from './request-rules.ts'
import { namesOf, slotName } from './service-names.ts'

/** What is in force from HAProxy's first request on. */
export interface BakedRoutes {
  readonly raw: string
  /** Servers by slot. */
  readonly slots: ReadonlyMap<
    number,
    readonly { readonly name: string; readonly address: string }[]
  >
}

/**
 * The configuration of services for HAProxy, which has a frontend for each, and no table yet. Put it into a file of its own
 * beside yours, with a `stats socket ... level admin` in your `global` section.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * await writeFile('/etc/haproxy/changeover/shop.cfg', haproxyConfig({ services: { shop: { bind: '127.0.0.1:8080' } } }))
 * ```
 */
export function haproxyConfig(options: HaproxyConfigOptions): string {
  const services = [...parseConfigOptions(options).values()]
  return services.map((service) => renderService(service)).join('\n')
}

/** What the adapter relies on in the configuration: a HAProxy that runs another one is not told anything. */
export function shapeOf({ headers, cookies, slots, rules, slowBounds }: ServiceSettings): string {
  const relied = JSON.stringify([1, headers, cookies, slots, rules, slowBounds])
  return createHash('sha256').update(relied).digest('hex').slice(0, 16)
}

/** The configuration of one service. Pure. */
export function renderService(service: ServiceSettings, baked?: BakedRoutes): string {
  const { proxy, variable, shapeVariable } = namesOf(service.name)
  const lines = [
    '# Written by @changeover/router-haproxy: what is changed here by hand is lost at the next change.',
    'global',
    `  set-var ${shapeVariable} str(${shapeOf(service)})`,
    ...(baked ? [`  set-var ${variable} str(${baked.raw})`] : []),
    ...defaults(service),
    `frontend ${proxy} from ${proxy}`,
    ...indented([
      ...service.bind.map((bind) => `bind ${bind}`),
      ...service.lines,
      ...requestRules(service),
    ]),
    ...backends(service, baked),
  ]
  return `${lines.join('\n')}\n`
}

function defaults({ name, timeoutsMs }: ServiceSettings): string[] {
  const { connect, client, server, tunnel } = timeoutsMs
  return [
    `defaults ${namesOf(name).proxy}`,
    ...indented([
      'mode http',
      // A worker that is replaced tells its clients so in its last answer, instead of closing on their next request.
      'option idle-close-on-response',
      'option abortonclose',
      'option redispatch 1',
      'retries 3',
      // Only what was surely not begun, or may be done twice.
      'retry-on conn-failure empty-response',
      `timeout connect ${connect}ms`,
      `timeout client ${client}ms`,
      `timeout server ${server}ms`,
      `timeout tunnel ${tunnel}ms`,
    ]),
  ]
}

function backends(service: ServiceSettings, baked: BakedRoutes | undefined): string[] {
  const { proxy, counts, turns } = namesOf(service.name)
  const slots = Array.from({ length: service.slots }, (_, i) => i + 1)
  const gpcs = PLAIN_COUNTERS + service.slowBounds.length
  return [
    // One entry for each table, of which only the newest is used.
    `backend ${turns} from ${proxy}`,
    `  stick-table type string len 64 size 16 store gpc(${1 + service.slots / 2})`,
    `backend ${counts} from ${proxy}`,
    `  stick-table type string len 128 size 1k store gpc(${gpcs}),conn_cur`,
    `backend ${proxy}..none from ${proxy}`,
    ...slots.flatMap((slot) => [
      `backend ${slotName(service.name, slot)} from ${proxy}`,
      '  balance roundrobin',
      ...(baked?.slots.get(slot) ?? []).map(({ name, address }) => `  server ${name} ${address}`),
    ]),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
