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
import { isNameable } from './name-code.ts'

/** Where HAProxy takes commands: the path of a socket, or an address. Whoever reaches it can do everything. */
export type SocketOption = string | { readonly host: string; readonly port: number }

/** Durations of one service, in milliseconds or as a string such as `'30s'`. */
export interface ServiceTimeouts {
  /** For a connection to an instance. @default '3s' */
  readonly connect?: Duration
  /** For a client that is silent, and for the next request on its connection. @default '60s' */
  readonly client?: Duration
  /** For an instance that is silent. @default '60s' */
  readonly server?: Duration
  /** For a WebSocket on which neither side says anything. @default '1h' */
  readonly tunnel?: Duration
}

/** A service, as HAProxy's configuration has it. */
export interface ServiceOptions {
  /** What follows `bind` in the frontend: `'127.0.0.1:8080'`, `'*:443 ssl crt /etc/ssl/shop.pem'`; or several. */
  readonly bind: string | readonly string[]
  /**
   * The file that HAProxy reads the service's configuration from at its next start. It is written before each change, so
   * that a restart or a reload brings back the table in force. Without it a restart forgets, and requests are
   * answered with 503 until the adapter has told HAProxy again.
   * @default none
   */
  readonly file?: string
  /** Headers by which tables may tell requests apart; a table with another one is rejected. @default [] */
  readonly headers?: readonly string[]
  /** Cookies by which tables may tell requests apart; a table with another one is rejected. @default [] */
  readonly cookies?: readonly string[]
  /** How many releases may have instances in one table, 1 to 16; each takes two backends. @default 4 */
  readonly releases?: number
  /** How many rules a table may have, 0 to 16. Each costs every request a little. @default 4 */
  readonly rules?: number
  /** Bounds in milliseconds over which answers are counted as slow; at most 16. @default [100, 300, 1_000] */
  readonly slowBounds?: readonly number[]
  /**
   * Whether the `X-Forwarded-*` headers of clients are believed and passed on, because a proxy of yours wrote them. Otherwise
   * they are replaced. @default false
   */
  readonly trustForwarded?: boolean
  /** Lines of your own for the frontend, before ours: `'option httplog'`. Not checked. @default [] */
  readonly lines?: readonly string[]
  readonly timeouts?: ServiceTimeouts
}

/** Options of {@link haproxyConfig}. */
export interface HaproxyConfigOptions {
  /** By the service's name. */
  readonly services: Readonly<Record<string, ServiceOptions>>
}

/** Options of {@link haproxyRouter}. */
export interface HaproxyRouterOptions extends HaproxyConfigOptions {
  /** Where HAProxy takes commands: its `stats socket` of level admin. */
  readonly socket: SocketOption
  /**
   * Where HAProxy's master takes commands (`-S`), if there is one. With it, a table has converged only when the workers
   * that a reload replaced have ended: they go on by the table of their time.
   * @default none
   */
  readonly master?: SocketOption
  /** How long HAProxy may take for a reply. @default '2s' */
  readonly replyTimeout?: Duration
  /** How often HAProxy is looked at for a restart and for changes by others; 0 for never. @default '1s' */
  readonly lookEvery?: Duration
  /** @default a silent one */
  readonly logger?: Logger
  /** Time for the deadlines of `converge` and `drain`. @default the machine's own */
  readonly clock?: Clock
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/** What may tell requests apart, in the order of the configuration. */
export interface Marks {
  /** In lower case. */
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
}

/** A service after the check, with the defaults filled in. */
export interface ServiceSettings extends Marks {
  readonly name: string
  readonly bind: readonly string[]
  readonly file: string | undefined
  readonly slots: number
  readonly rules: number
  readonly slowBounds: readonly number[]
  readonly trustForwarded: boolean
  readonly lines: readonly string[]
  readonly timeoutsMs: Readonly<Record<keyof ServiceTimeouts, number>>
}

/** Options after the check, with the defaults filled in. */
export interface Settings {
  readonly services: ReadonlyMap<string, ServiceSettings>
  readonly socket: SocketOption
  readonly master: SocketOption | undefined
  readonly replyTimeoutMs: number
  readonly lookEveryMs: number
  readonly logger: Logger
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

/** What may stand for a header or a cookie in HAProxy's expressions. A dot, a quote or a star could end one. */
const MARK = /^[A-Za-z0-9_-]{1,64}$/

const duration = z.union([z.number(), z.string()]).optional()
const line = z.string().regex(/^[^\r\n\0]+$/, 'it is not one line')
const marks = z
  .array(z.string().regex(MARK, 'it is not a name of letters, digits, "_" and "-"'))
  .max(16)
const socket = z.union([
  z.string().min(1),
  z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) }),
])
const service = z.strictObject({
  bind: z.union([line, z.array(line).min(1)]),
  file: z.string().min(1).optional(),
  headers: marks.optional(),
  cookies: marks.optional(),
  releases: z.int().min(1).max(16).optional(),
  rules: z.int().min(0).max(16).optional(),
  slowBounds: z.array(z.int().positive()).max(16).optional(),
  trustForwarded: z.boolean().optional(),
  lines: z.array(line).optional(),
  timeouts: z
    .strictObject({ connect: duration, client: duration, server: duration, tunnel: duration })
    .optional(),
})
const name = z.string().refine(isNameable, 'it is empty or too long')
const services = z
  .record(name, service)
  .refine((all) => Object.keys(all).length > 0, 'there is no service')
const configSchema = z.strictObject({ services })
const routerSchema = z.strictObject({
  services,
  socket,
  master: socket.optional(),
  replyTimeout: duration,
  lookEvery: duration,
  logger: portSchema('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  services:
    "Give one for each service, such as { shop: { bind: '127.0.0.1:8080', cookies: ['uid'] } }.",
  socket: "Give the path of HAProxy's stats socket, or { host, port }.",
  master: "Give the path of the socket of HAProxy's master, or { host, port }.",
  logger: 'Give a pino logger.',
  clock: 'Give an object with now() and sleep().',
  signal: 'Give an AbortSignal.',
  '': 'Give any of services, socket, master, replyTimeout, lookEvery, logger, clock, signal; services and socket are required.',
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Checks the options of the configuration alone.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseConfigOptions(
  options: HaproxyConfigOptions,
): ReadonlyMap<string, ServiceSettings> {
  checkOptions(configSchema, options, '', { remedies: REMEDIES })
  return parseServices(options)
}

/**
 * Checks the options once, before anything is opened.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: HaproxyRouterOptions): Settings {
  checkOptions(routerSchema, options, '', { remedies: REMEDIES })
  const { replyTimeout = '2s', lookEvery = '1s', logger, clock, master, signal } = options
  return Object.freeze({
    services: parseServices(options),
    socket: options.socket,
    master,
    replyTimeoutMs: positiveMs(replyTimeout, 'replyTimeout'),
    lookEveryMs: timerMs(lookEvery, 'lookEvery'),
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
    signal,
  })
}

function parseServices({ services }: HaproxyConfigOptions): ReadonlyMap<string, ServiceSettings> {
  return new Map(Object.entries(services).map(([name, one]) => [name, parseService(name, one)]))
}

function parseService(name: string, options: ServiceOptions): ServiceSettings {
  const { bind, file, headers = [], cookies = [], releases = 4, rules = 4, lines = [] } = options
  const { timeouts = {}, slowBounds = [100, 300, 1_000], trustForwarded = false } = options
  const ms = (key: keyof ServiceTimeouts, fallback: Duration): number =>
    positiveMs(timeouts[key] ?? fallback, `services.${name}.timeouts.${key}`)
  return {
    name,
    bind: typeof bind === 'string' ? [bind] : bind,
    file,
    headers: [...new Set(headers.map((header) => header.toLowerCase()))],
    cookies: [...new Set(cookies)],
    // Those in force, and as many again that the next table is made ready in.
    slots: 2 * releases,
    rules,
    slowBounds: [...new Set(slowBounds)].toSorted((a, b) => a - b),
    trustForwarded,
    lines,
    timeoutsMs: {
      connect: ms('connect', '3s'),
      client: ms('client', '60s'),
      server: ms('server', '60s'),
      tunnel: ms('tunnel', '1h'),
    },
  }
}

function timerMs(duration: Duration, field: string): number {
  const ms = toMs(duration, field)
  if (ms <= LONGEST_TIMER_MS) return ms
  throw durationRefused(field, duration, 'it is longer than 24 days')
}

function positiveMs(duration: Duration, field: string): number {
  const ms = timerMs(duration, field)
  if (ms > 0) return ms
  throw durationRefused(field, duration, 'it is 0, which would end every wait at once')
}

function durationRefused(field: string, value: unknown, problem: string): Error {
  const remedy = "Give milliseconds or a string such as '30s'."
  return refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
