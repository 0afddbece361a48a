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
import { variableName } from './conf-text.ts'

/**
 * How nginx is told.
 *
 * - `reload`: by a new configuration and a graceful reload. Any nginx, any share; before nginx 1.27.4 a reload cuts idle
 *   client connections.
 * - `file`: between two releases by a flag file, without a reload and in one step; all else as in `reload`.
 * - `lua`: by shared memory, without any reload. Needs the Lua module (Debian: libnginx-mod-http-lua).
 */
export type RouterMode = 'reload' | 'file' | 'lua'

/** Options of one service. */
export interface NginxServiceOptions {
  /** Idle connections that each worker keeps to the instances of a release; 0 keeps none. @default 64 */
  readonly idleConnections?: number
  /** For the next request on such a connection: below the instances' own limit, 5 s for a Node server. @default '4s' */
  readonly upstreamIdle?: Duration
}

/** Options of {@link nginxRouter}. */
export interface NginxRouterOptions {
  readonly mode: RouterMode
  /** Absolute path of a directory for the adapter's files, which nginx's own configuration includes. */
  readonly directory: string
  /** The services, by their names: lower-case letters, digits, `-` and `_`. */
  readonly services: Readonly<Record<string, NginxServiceOptions>>
  /** The file in which nginx writes the pid of its master. @default '/run/nginx.pid' */
  readonly pidFile?: string
  /** The program, for the test of a configuration and for its version. @default 'nginx' */
  readonly command?: string
  /** Its main configuration, for that test. @default the one compiled in */
  readonly configFile?: string
  /** Whether a configuration is tested before a reload; needs the rights of nginx's master. @default true */
  readonly test?: boolean
  /** Its error log, from which a refusal is read at once and in its own words. @default none */
  readonly errorLog?: string
  /** Where nginx answers the adapter: an address of this machine only. */
  readonly control: { readonly port: number; /** @default '127.0.0.1' */ readonly host?: string }
  /** How long a reload may take until it counts as refused. nginx itself tries for 2.5 s to bind a port. @default '10s' */
  readonly reloadTimeout?: Duration
  /** Old worker processes beside which there is no further reload: they linger as long as their requests last. @default 16 */
  readonly maxOldWorkers?: number
  /** How often `watch` looks whether somebody else changed something. @default '2s' */
  readonly watchEvery?: Duration
  /** @default a silent one */
  readonly logger?: Logger
  /** @default the machine's own */
  readonly clock?: Clock
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/** Options after the check, with the defaults filled in. */
export interface Settings {
  readonly mode: RouterMode
  readonly directory: string
  readonly services: ReadonlyMap<
    string,
    { readonly idleConnections: number; readonly idleMs: number }
  >
  readonly pidFile: string
  readonly command: string
  readonly configFile: string | undefined
  readonly test: boolean
  readonly errorLog: string | undefined
  readonly control: { readonly host: string; readonly port: number }
  readonly reloadMs: number
  readonly maxOldWorkers: number
  readonly watchMs: number
  readonly logger: Logger
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
}

const duration = z.union([z.number(), z.string()]).optional()
/** What stands in configuration files as it is: no blank, quote, brace, semicolon, dollar or backslash. */
const path = z.string().regex(/^\/[\w@%+=:,./-]{0,200}$/, 'it is not a plain absolute path')
const anyPath = z.string().min(1).optional()
const name = z.string().regex(/^[a-z][a-z0-9_-]{0,40}$/, 'it is not made of a-z, 0-9, - and _')

const schema = z.strictObject({
  mode: z.enum(['reload', 'file', 'lua']),
  directory: path,
  services: z
    .record(
      name,
      z.strictObject({
        idleConnections: z.int().min(0).max(10_000).optional(),
        upstreamIdle: duration,
      }),
    )
    .refine((services) => Object.keys(services).length > 0, 'there is no service')
    .refine((services) => distinct(Object.keys(services)), 'two names differ by - and _ alone'),
  pidFile: anyPath,
  command: anyPath,
  configFile: anyPath,
  test: z.boolean().optional(),
  errorLog: anyPath,
  control: z.strictObject({
    port: z.int().min(1).max(65_535),
    host: z.enum(['127.0.0.1', '::1']).optional(),
  }),
  reloadTimeout: duration,
  maxOldWorkers: z.int().min(1).max(1_000).optional(),
  watchEvery: duration,
  logger: portSchema<Logger>('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  mode: "Give 'reload', 'file' or 'lua'.",
  directory: "Give an absolute path of plain characters, such as '/var/lib/changeover'.",
  services: 'Give one for each service, such as { shop: {} }.',
  control: 'Give a free port of this machine, such as { port: 9180 }.',
  maxOldWorkers: 'Give a whole number from 1 to 1,000.',
  logger: 'Give a pino logger.',
  clock: 'Give an object with now() and sleep().',
  signal: 'Give an AbortSignal.',
  '': 'Give any of mode, directory, services, pidFile, command, configFile, test, errorLog, control, reloadTimeout, maxOldWorkers, watchEvery, logger, clock, signal; mode, directory, services and control are required.',
}

/**
 * Checks the options once, before anything is touched.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: NginxRouterOptions): Settings {
  checkOptions(schema, options, '', { remedies: REMEDIES })
  const { mode, directory, services, control, logger, clock, signal } = options
  return Object.freeze({
    mode,
    directory: directory.replace(/(.)\/+$/, '$1'),
    services: new Map(Object.entries(services).map(([key, value]) => [key, service(key, value)])),
    pidFile: options.pidFile ?? '/run/nginx.pid',
    command: options.command ?? 'nginx',
    configFile: options.configFile,
    test: options.test ?? true,
    errorLog: options.errorLog,
    control: { host: control.host ?? '127.0.0.1', port: control.port },
    reloadMs: positiveMs(options.reloadTimeout ?? '10s', 'reloadTimeout'),
    maxOldWorkers: options.maxOldWorkers ?? 16,
    watchMs: positiveMs(options.watchEvery ?? '2s', 'watchEvery'),
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
    signal,
  })
}

function service(key: string, { idleConnections = 64, upstreamIdle = '4s' }: NginxServiceOptions) {
  return { idleConnections, idleMs: toMs(upstreamIdle, `services.${key}.upstreamIdle`) }
}

function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0) return ms
  const remedy = "Give milliseconds above 0 or a string such as '10s'."
  const problem = 'it is 0, which would end every wait at once'
  throw refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}

function distinct(services: readonly string[]): boolean {
  return new Set(services.map(variableName)).size === services.length
}
