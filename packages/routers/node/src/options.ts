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

/** Where one service is served. */
export interface ListenerOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Address to listen on; anything but the default lets other machines in. @default '127.0.0.1' */
  readonly host?: string
}

/** How long the router waits, in milliseconds or as a string such as `'30s'`. */
export interface TimeoutOptions {
  /** For a client to send the head of a request. @default '30s' */
  readonly head?: Duration
  /** For a client to send a whole request, its body included; 0 sets no limit. @default '5m' */
  readonly request?: Duration
  /** For the next request of an idle client. Long, so that few clients meet a closing connection. @default '65s' */
  readonly keepAlive?: Duration
  /** For a connection to an instance. @default '3s' */
  readonly connect?: Duration
  /**
   * For the head of an instance's answer, after the whole request was sent; 0 sets no limit. Between the parts of a
   * body there is no limit, since a stream of events may pause for as long as it likes. @default '60s'
   */
  readonly answer?: Duration
  /**
   * For the next request on an idle connection to an instance; 0 makes a new one each time. Must be below the
   * instance's own limit, which is 5 s for a Node server. @default '4s'
   */
  readonly upstreamIdle?: Duration
  /** For requests in flight to end after `close()`; then they are cut. @default '10s' */
  readonly close?: Duration
}

/** What the router holds at most. */
export interface LimitOptions {
  /** Bytes of the head of a request or an answer; more is refused with 431 or 502. @default 32_768 */
  readonly headBytes?: number
  /** Requests in flight per service; more are answered with 503 and Retry-After. @default 10_000 */
  readonly inFlight?: number
  /** Idle connections kept for each instance. @default 128 */
  readonly idleConnections?: number
}

/** Options of {@link nodeRouter}. */
export interface NodeRouterOptions {
  /** One listener for each service, by the service's name. */
  readonly listeners: Readonly<Record<string, ListenerOptions>>
  readonly timeouts?: TimeoutOptions
  readonly limits?: LimitOptions
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
  readonly listeners: ReadonlyMap<string, Required<ListenerOptions>>
  readonly timeouts: Readonly<Record<TimeoutName, number>>
  readonly limits: Required<LimitOptions>
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal | undefined
}

type TimeoutName = `${keyof TimeoutOptions}Ms`

const count = z.int().positive()
const duration = z.union([z.number(), z.string()]).optional()
const func = z.custom<() => unknown>((value) => typeof value === 'function')
const listener = z.strictObject({
  port: z.int().min(0).max(65_535),
  host: z.string().min(1).optional(),
})

const schema = z.strictObject({
  listeners: z
    .record(z.string().min(1), listener)
    .refine((listeners) => Object.keys(listeners).length > 0, 'there is no listener'),
  timeouts: z
    .strictObject({
      head: duration,
      request: duration,
      keepAlive: duration,
      connect: duration,
      answer: duration,
      upstreamIdle: duration,
      close: duration,
    })
    .optional(),
  limits: z
    .strictObject({
      headBytes: count.min(1024).max(1_048_576).optional(),
      inFlight: count.optional(),
      idleConnections: count.optional(),
    })
    .optional(),
  logger: portSchema('pino logger', ['debug', 'info', 'warn', 'error', 'child']).optional(),
  clock: portSchema('clock', ['now', 'sleep']).optional(),
  random: func.optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  listeners: "Give one for each service, such as { shop: { port: 8080, host: '127.0.0.1' } }.",
  timeouts:
    "Give any of head, request, keepAlive, connect, answer, upstreamIdle, close, such as '30s'.",
  limits:
    'Give any of headBytes (1,024 to 1,048,576), inFlight, idleConnections: whole numbers above 0.',
  logger: 'Give a pino logger.',
  clock: 'Give an object with now() and sleep().',
  random: 'Give a function that returns a number from 0 up to 1.',
  signal: 'Give an AbortSignal.',
  '': 'Give any of listeners, timeouts, limits, logger, clock, random, signal; listeners is required.',
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Checks the options once, before anything is opened.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: NodeRouterOptions): Settings {
  checkOptions(schema, options, '', { remedies: REMEDIES })
  const { listeners, limits = {}, logger, clock, random = Math.random, signal } = options
  return Object.freeze({
    listeners: new Map(
      Object.entries(listeners).map(([name, { port, host = '127.0.0.1' }]) => [
        name,
        { port, host },
      ]),
    ),
    timeouts: parseTimeouts(options.timeouts ?? {}),
    limits: {
      headBytes: limits.headBytes ?? 32_768,
      inFlight: limits.inFlight ?? 10_000,
      idleConnections: limits.idleConnections ?? 128,
    },
    logger: logger ?? pino({ enabled: false }),
    clock: clock ?? systemClock(),
    random,
    signal,
  })
}

function parseTimeouts(timeouts: TimeoutOptions): Settings['timeouts'] {
  const headMs = positiveMs(timeouts.head ?? '30s', 'timeouts.head')
  const requestMs = limitMs(timeouts.request ?? '5m', 'timeouts.request')
  if (requestMs > 0 && requestMs < headMs)
    throw timeoutRefused('timeouts.request', timeouts.request, 'it ends before timeouts.head does')
  return {
    headMs,
    requestMs,
    keepAliveMs: positiveMs(timeouts.keepAlive ?? '65s', 'timeouts.keepAlive'),
    connectMs: positiveMs(timeouts.connect ?? '3s', 'timeouts.connect'),
    answerMs: limitMs(timeouts.answer ?? '60s', 'timeouts.answer'),
    upstreamIdleMs: limitMs(timeouts.upstreamIdle ?? '4s', 'timeouts.upstreamIdle'),
    closeMs: limitMs(timeouts.close ?? '10s', 'timeouts.close'),
  }
}

function limitMs(duration: Duration, field: string): number {
  const ms = toMs(duration, field)
  if (ms <= LONGEST_TIMER_MS) return ms
  throw timeoutRefused(field, duration, 'it is longer than 24 days')
}

function positiveMs(duration: Duration, field: string): number {
  const ms = limitMs(duration, field)
  if (ms > 0) return ms
  throw timeoutRefused(field, duration, 'it is 0, which would end every wait at once')
}

function timeoutRefused(field: string, value: unknown, problem: string): Error {
  const remedy = "Give milliseconds or a string such as '30s'."
  return refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
