import { resolve } from 'node:path'
import { checkOptions, type Duration, refuse, toMs } from '@changeover/engine'
import type { Logger } from 'pino'
import { z } from 'zod'
import { type NodeRouterOptions, parseOptions } from '../options.ts'
import { routerError } from '../router-error.ts'
import type { TlsIdentity } from '../tls-options.ts'
import type { RestartSchedule } from './restart-schedule.ts'
import { identitiesOf } from './identities.ts'
import { type RouterFiles, routerFiles } from './router-directory.ts'
import { encodeOptions, hashOptions } from './served-options.ts'

/** How often a process that crashed is started again. */
export interface RestartOptions {
  /** Starts in a row; a process that lived ten times the wait before it ends the row. @default 8 */
  readonly attempts?: number
  /**
   * The wait before the second start of a row, in milliseconds or as a string such as `'100ms'`; the first is at once, and
   * each further wait is twice as long, up to 5 s. @default '100ms'
   */
  readonly backOff?: Duration
}

/** Options of {@link nodeRouterProcess}: those of `nodeRouter` that can be sent to another process, and its own. */
export interface NodeRouterProcessOptions extends Omit<NodeRouterOptions, 'clock' | 'random'> {
  /**
   * Where the process has its socket, its tables and its log. It is made where it is missing, with mode 0700, and belongs to
   * one router process; any number of adapters may use it. A local disk, by a path of at most 91 bytes.
   */
  readonly directory: string
  /**
   * Whether this adapter starts the process again when it crashed: `'never'`, or how often. One that was asked to stop
   * stays down until `listen()`. @default { attempts: 8, backOff: '100ms' }
   */
  readonly restart?: 'never' | RestartOptions
  /**
   * How long the process may take to start, and to answer any call but `converge` and `drain`, in milliseconds or as a
   * string such as `'10s'`. @default '10s'
   */
  readonly callTimeout?: Duration
}

/** Options after the check. */
export interface ProcessSettings {
  readonly files: RouterFiles
  /** Options of the router itself; its identities apart, which are renewed. */
  readonly served: NodeRouterOptions
  /** The newest that this adapter knows. */
  readonly identities: Map<string, TlsIdentity>
  readonly hash: string
  readonly services: readonly string[]
  readonly restart: 'never' | RestartSchedule
  readonly callMs: number
  /** How long the process may take to end when it was asked to. */
  readonly stopMs: number
  readonly logger: Logger
  readonly signal: AbortSignal | undefined
}

const duration: z.ZodType<Duration> = z.union([z.number(), z.string()])
const schema = z.strictObject({
  directory: z.string().min(1),
  restart: z
    .union([
      z.literal('never'),
      z.strictObject({
        attempts: z.int().min(1).max(1_000_000).exactOptional(),
        backOff: duration.exactOptional(),
      }),
    ])
    .optional(),
  callTimeout: duration.optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  directory: "Name a directory that only this router uses, such as '/var/lib/shop/router'.",
  restart: "Say 'never', or give { attempts, backOff } such as { attempts: 8, backOff: '100ms' }.",
  '': "Give at least { directory, listeners }, such as { directory: '/var/lib/shop/router', listeners: { shop: { port: 8080 } } }.",
  callTimeout: "Give milliseconds or a string such as '10s'.",
}

/**
 * Checks the options once, before anything is started.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`, `CHANGEOVER_ROUTER_PROCESS_PLATFORM`
 */
export function parseProcessOptions(
  options: NodeRouterProcessOptions,
  platform: NodeJS.Platform = process.platform,
): ProcessSettings {
  if (platform === 'win32') throw routerError('CHANGEOVER_ROUTER_PROCESS_PLATFORM', { platform })
  checkOptions(z.looseObject({}), options, '', { remedies: REMEDIES })
  const { directory, restart, callTimeout, logger, signal, ...router } = options
  const own = checkOptions(schema, { directory, restart, callTimeout }, '', { remedies: REMEDIES })
  encodeOptions(router)
  const settings = parseOptions({
    ...router,
    ...(logger && { logger }),
    ...(signal && { signal }),
  })
  const callMs = positiveMs(own.callTimeout ?? '10s', 'callTimeout')
  return Object.freeze({
    files: routerFiles(resolve(own.directory)),
    served: router,
    identities: identitiesOf(router),
    hash: hashOptions(router),
    services: [...settings.listeners.keys()],
    restart: scheduleOf(own.restart ?? {}),
    callMs,
    stopMs: settings.timeouts.closeMs + callMs,
    logger: settings.logger.child({ component: 'router-process' }),
    signal,
  })
}

function scheduleOf(restart: 'never' | RestartOptions): 'never' | RestartSchedule {
  if (restart === 'never') return restart
  const { attempts = 8, backOff = '100ms' } = restart
  return { attempts, backOffMs: positiveMs(backOff, 'restart.backOff') }
}

/** An hour is more than any of them should ever be. */
const LONGEST_MS = 3_600_000

function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0 && ms <= LONGEST_MS) return ms
  const problem = 'it is not above 0 and at most an hour'
  const remedy = "Give milliseconds or a string such as '10s'."
  throw refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
