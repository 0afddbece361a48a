import { checkOptions, type Clock, portSchema, refuse, systemClock } from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { limitMs } from './durations.ts'
import {
  type ListenerOptions,
  listenerSchema,
  type ListenerSettings,
  parseListeners,
} from './listener-options.ts'
import {
  parseTimeouts,
  type TimeoutOptions,
  timeoutsSchema,
  type TimeoutSettings,
} from './timeout-options.ts'
import { type TrustedPeers, trustedPeers } from './trusted-peers.ts'
import { type UpgradeOptions, upgradeSettings, upgradesSchema } from './upgrade-options.ts'
import type { UpgradeSettings } from './upgrades.ts'

/** What the router holds at most. */
export interface LimitOptions {
  /** Bytes of the head of a request or an answer; more is refused with 431 or 502. @default 32_768 */
  readonly headBytes?: number
  /** Requests in flight per service; more are answered with 503 and Retry-After. @default 10_000 */
  readonly inFlight?: number
  /** Idle connections kept for each instance. @default 128 */
  readonly idleConnections?: number
  /** Client connections per listener; those beyond are closed at once. @default 50_000 */
  readonly connections?: number
  /** Requests in flight on one connection of HTTP/2. @default 128 */
  readonly streams?: number
  /** Requests that a connection of HTTP/2 may break off within ten seconds, before it is closed. @default 500 */
  readonly resets?: number
  /** Copies of requests under way per service, where a table mirrors; those beyond are not made. @default 100 */
  readonly mirrorInFlight?: number
  /** Bytes of the body of a request that is copied; one with a longer body is not. @default 65_536 */
  readonly mirrorBytes?: number
}

/** Options of {@link nodeRouter}. */
export interface NodeRouterOptions {
  /** One listener for each service, by the service's name. */
  readonly listeners: Readonly<Record<string, ListenerOptions>>
  readonly timeouts?: TimeoutOptions
  readonly limits?: LimitOptions
  /** WebSockets, and whatever else clients go on with. */
  readonly upgrades?: UpgradeOptions
  /**
   * Proxies in front of the router, as addresses or networks such as `10.0.0.0/8`: what these say in `X-Forwarded-*` is
   * kept, and completed by their own address. Whatever anybody else says there is replaced. @default false
   */
  readonly trustProxy?: false | readonly string[]
  /**
   * Reads plain HTTP/1.1 by a strict parser of the router's own, and only the rest by `node:http`. `false` reads
   * everything by `node:http`, at two to three times the cost. @default true
   */
  readonly fastPath?: boolean
  /**
   * Methods of the requests that are copied where a table mirrors. A copy is acted upon like any request: a POST that places
   * an order would place it twice, unless the release leaves that out for requests with the header `X-Changeover-Mirror`.
   * @default ['GET', 'HEAD', 'OPTIONS']
   */
  readonly mirrorMethods?: readonly string[]
  /** @default a silent one */
  readonly logger?: Logger
  /** Time for the deadlines of `drain` and `close`. @default the machine's own */
  readonly clock?: Clock
  /** Where the weighted sequences start, from 0 up to 1; tests give a fixed one. @default Math.random */
  readonly random?: () => number
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/** Options after the check, with the defaults filled in. */
export interface Settings {
  readonly listeners: ReadonlyMap<string, ListenerSettings>
  readonly timeouts: TimeoutSettings
  readonly limits: Required<LimitOptions>
  readonly upgrades: UpgradeSettings
  readonly trusts: TrustedPeers
  readonly fastPath: boolean
  readonly mirrorMethods: ReadonlySet<string>
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal | undefined
}

const count = z.int().positive()
const func = z.custom<() => unknown>((value) => typeof value === 'function')

const schema = z.strictObject({
  listeners: z
    .record(z.string().min(1), listenerSchema)
    .refine((listeners) => Object.keys(listeners).length > 0, 'there is no listener'),
  timeouts: timeoutsSchema.optional(),
  limits: z
    .strictObject({
      headBytes: count.min(1024).max(1_048_576).optional(),
      inFlight: count.optional(),
      idleConnections: count.optional(),
      connections: count.optional(),
      streams: count.optional(),
      resets: count.optional(),
      mirrorInFlight: count.optional(),
      mirrorBytes: count.max(16_777_216).optional(),
    })
    .optional(),
  upgrades: upgradesSchema.optional(),
  trustProxy: z.union([z.literal(false), z.array(z.string())]).optional(),
  fastPath: z.boolean().optional(),
  mirrorMethods: z.array(z.string().regex(/^[A-Z-]{1,32}$/, 'it is no method')).optional(),
  logger: portSchema('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
  random: func.optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  listeners: "Give one for each service, such as { shop: { port: 8080, host: '127.0.0.1' } }.",
  timeouts:
    "Give any of head, request, keepAlive, connect, answer, upstreamIdle, stalled, close, such as '30s'.",
  limits:
    'Give any of headBytes (1,024 to 1,048,576), inFlight, idleConnections, connections, streams, resets, mirrorInFlight, mirrorBytes: whole numbers above 0.',
  upgrades:
    "Give any of protocols, drain ('close' or 'wait'), grace, perSecond, idle, max, such as { grace: '5s' }.",
  trustProxy: "Give false, or addresses and networks such as ['10.0.0.0/8', '::1'].",
  fastPath: 'Give true or false.',
  mirrorMethods: "Give names of methods as they are sent, such as ['GET', 'HEAD', 'POST'].",
  logger: 'Give a pino logger.',
  clock: 'Give an object with now() and sleep().',
  random: 'Give a function that returns a number from 0 up to 1.',
  signal: 'Give an AbortSignal.',
  '': 'Give any of listeners, timeouts, limits, upgrades, trustProxy, fastPath, mirrorMethods, logger, clock, random, signal; listeners is required.',
}

/**
 * Checks the options once, before anything is opened.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: NodeRouterOptions): Settings {
  checkOptions(schema, options, '', { remedies: REMEDIES })
  const { limits = {}, logger, clock, random = Math.random, signal } = options
  return Object.freeze({
    listeners: parseListeners(options.listeners),
    timeouts: parseTimeouts(options.timeouts ?? {}),
    limits: {
      headBytes: limits.headBytes ?? 32_768,
      inFlight: limits.inFlight ?? 10_000,
      idleConnections: limits.idleConnections ?? 128,
      connections: limits.connections ?? 50_000,
      streams: limits.streams ?? 128,
      resets: limits.resets ?? 500,
      mirrorInFlight: limits.mirrorInFlight ?? 100,
      mirrorBytes: limits.mirrorBytes ?? 65_536,
    },
    mirrorMethods: new Set(options.mirrorMethods ?? ['GET', 'HEAD', 'OPTIONS']),
    upgrades: upgradeSettings(options.upgrades ?? {}, limitMs),
    trusts: parseTrust(options.trustProxy ?? false),
    fastPath: options.fastPath ?? true,
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
    random,
    signal,
  })
}

function parseTrust(trust: false | readonly string[]): TrustedPeers {
  const trusts = trustedPeers(trust === false ? [] : trust)
  if (trusts) return trusts
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'trustProxy',
    value: trust,
    problem: 'one of them is neither an address nor a network',
    remedy: REMEDIES['trustProxy'],
  })
}
