import {
  checkOptions,
  type Clock,
  type Duration,
  portSchema,
  refuse,
  systemClock,
  toMs,
} from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import type { Json, JsonObject } from './json.ts'

/** Where the adapter puts a route of its own when Caddy has none with the id. */
export interface CreateOptions {
  /** Name of a server in `apps.http.servers`; `caddy adapt` calls the first one `srv0`. */
  readonly server: string
  /** Whose requests the route takes. @default every request of the server */
  readonly hosts?: readonly string[]
}

/** One service behind Caddy. */
export interface ServiceOptions {
  /**
   * The `@id` of the route whose `handle` the adapter writes: letters, digits, `.`, `_` and `-`.
   * @default 'changeover-' and the name of the service
   */
  readonly id?: string
  /**
   * Makes the route, before all others of the server, where Caddy has none with the id. It takes no other route's place.
   * @default none is made: a table is rejected until there is one
   */
  readonly create?: CreateOptions
  /**
   * Where clients reach the service through this Caddy, such as `http://127.0.0.1:8080`. `converge` then asks there too, on new
   * connections, which table is followed.
   * @default not asked: what Caddy's admin endpoint says is believed
   */
  readonly url?: string
  /** The name that those probes ask for, where it is not that of `url`. @default the host of `url` */
  readonly host?: string
  /**
   * Fields of every `reverse_proxy` handler, as Caddy's JSON has them: `transport`, `headers`, `flush_interval` and the like;
   * not `handler`, `upstreams`, `dynamic_upstreams`, `load_balancing`, `health_checks`.
   * @default {}
   */
  readonly proxy?: JsonObject
}

/** Options of {@link caddyRouter}. */
export interface CaddyRouterOptions {
  /** The admin endpoint: `http://host:port`, or `unix:/path` for a socket. @default 'http://127.0.0.1:2019' */
  readonly admin?: string
  /** Sent as `Origin`, for an endpoint with `enforce_origin`. @default not sent */
  readonly origin?: string
  /** The services that Caddy routes, by name. */
  readonly services: Readonly<Record<string, ServiceOptions>>
  /** For one answer of Caddy, its reload included. @default '10s' */
  readonly timeout?: Duration
  /** How often `watch` looks: Caddy tells nobody of changes. @default '2s' */
  readonly watchEvery?: Duration
  /** @default a silent one */
  readonly logger?: Logger
  /** Time for deadlines and pauses. @default the machine's own */
  readonly clock?: Clock
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/** Where the admin endpoint listens. */
export type AdminEndpoint =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string }

/** One service after the check. */
export interface ServiceSettings {
  readonly id: string
  readonly create: CreateOptions | undefined
  readonly url: URL | undefined
  readonly host: string | undefined
  readonly proxy: JsonObject
}

/** Options after the check, with the defaults filled in. */
export interface Settings {
  /** As it was given, for messages. */
  readonly admin: string
  readonly endpoint: AdminEndpoint
  readonly origin: string | undefined
  readonly services: ReadonlyMap<string, ServiceSettings>
  readonly timeoutMs: number
  readonly watchEveryMs: number
  readonly logger: Logger
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

const ID = /^[\w.-]{1,200}$/
const HOST = /^[\w.*:[\]-]{1,253}$/
const OWNED = ['handler', 'upstreams', 'dynamic_upstreams', 'load_balancing', 'health_checks']

const json: z.ZodType<Json> = z.json()
const duration = z.union([z.number(), z.string()]).optional()
const header = z.string().regex(/^[!-~]{1,1000}$/, 'it is no text that a header can carry')

const service = z.strictObject({
  id: z.string().regex(ID, 'it holds more than letters, digits, ".", "_" and "-"').optional(),
  create: z
    .strictObject({
      server: z.string().regex(/^[^/\s]{1,200}$/, 'it is no name of a server'),
      hosts: z.array(z.string().regex(HOST, 'it is no host')).min(1).optional(),
    })
    .optional(),
  url: z.string().refine(isWebUrl, 'it is no http or https URL').optional(),
  host: z.string().regex(HOST, 'it is no host').optional(),
  proxy: z
    .record(z.string(), json)
    .refine((fields) => OWNED.every((key) => !(key in fields)), 'it has a field of the adapter')
    .optional(),
})

const schema = z.strictObject({
  admin: z
    .string()
    .refine((text) => parseAdmin(text) !== undefined, 'it is no endpoint')
    .optional(),
  origin: header.optional(),
  services: z
    .record(z.string().min(1), service)
    .refine((services) => Object.keys(services).length > 0, 'there is no service'),
  timeout: duration,
  watchEvery: duration,
  logger: portSchema('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  admin: "Give a URL such as 'http://127.0.0.1:2019', or 'unix:/run/caddy-admin.sock'.",
  origin: "Give what the endpoint's origins list, such as 'http://127.0.0.1:2019'.",
  services: `Give one for each service, such as { shop: { create: { server: 'srv0' } } }: any of id, create, url, host, proxy; a name that is no id needs the option id; proxy leaves out ${OWNED.join(', ')}.`,
  timeout: "Give milliseconds above 0 or a string such as '10s'.",
  watchEvery: "Give milliseconds above 0 or a string such as '2s'.",
  logger: 'Give a pino logger.',
  clock: 'Give an object with now() and sleep().',
  signal: 'Give an AbortSignal.',
  '': 'Give any of admin, origin, services, timeout, watchEvery, logger, clock, signal; services is required.',
}

/**
 * Checks the options once, before anything is sent.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: CaddyRouterOptions): Settings {
  checkOptions(schema, options, '', { remedies: REMEDIES })
  const { admin = 'http://127.0.0.1:2019', origin, services, logger, clock, signal } = options
  return Object.freeze({
    admin,
    endpoint: parseAdmin(admin) ?? { host: '127.0.0.1', port: 2019 },
    origin,
    services: parseServices(services),
    timeoutMs: positiveMs(options.timeout ?? '10s', 'timeout'),
    watchEveryMs: positiveMs(options.watchEvery ?? '2s', 'watchEvery'),
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
    signal,
  })
}

function parseServices(services: CaddyRouterOptions['services']): Settings['services'] {
  const parsed = new Map<string, ServiceSettings>()
  for (const [name, { id = `changeover-${name}`, create, url, host, proxy }] of Object.entries(
    services,
  )) {
    if (!ID.test(id)) throw refused(`services.${name}.id`, id, 'it is no id')
    if ([...parsed.values()].some((other) => other.id === id))
      throw refused(`services.${name}.id`, id, 'another service has it')
    const checked = url === undefined ? undefined : new URL(url)
    parsed.set(name, { id, create, url: checked, host, proxy: structuredClone(proxy ?? {}) })
  }
  return parsed
}

function refused(field: string, value: unknown, problem: string): Error {
  const remedy = REMEDIES[field.split('.')[0] ?? '']
  return refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}

function parseAdmin(text: string): AdminEndpoint | undefined {
  const socketPath = /^unix:(?:\/\/)?(\/[^\0]*)$/.exec(text)?.[1]
  if (socketPath !== undefined) return { socketPath }
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, pathname, search, hash, username } = new URL(text)
  const plain = pathname === '/' && search + hash + username === ''
  if (protocol !== 'http:' || !plain) return undefined
  return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || 80) }
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0 && ms <= LONGEST_TIMER_MS) return ms
  throw refused(field, value, ms > 0 ? 'it is longer than 24 days' : 'it is 0')
}
