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
import { EVENTS_REMEDY, eventsOption, type NotifyEvent } from './notify-event.ts'
import type { RetryPauses } from './retry.ts'
import { SECRET_REMEDY, secretOption } from './signature.ts'

/** Options of {@link webhookNotifier}. */
export interface WebhookNotifierOptions {
  /** Where to post: https, or http on this machine. It is never shown: many services put a secret into it. */
  readonly url: string
  /**
   * `whsec_` and 24 to 64 random bytes in base64. While receivers change from one to another, a list: each request then
   * carries a signature for each.
   */
  readonly secret: string | readonly string[]
  /**
   * What to tell.
   * @default created, approval-wanted, judged-fail, held, closed, lost, noticed, turned-back, finished
   */
  readonly events?: 'all' | readonly NotifyEvent[]
  /** For one attempt, from connecting to the end of the answer. @default '10s' */
  readonly timeout?: Duration
  /** Attempts before `notify` rejects; a courier then tries again later. @default 5 */
  readonly attempts?: number
  /** Pause after the first attempt; doubled after each further one, up to 30 s. @default '1s' */
  readonly retryAfter?: Duration
  /** Further headers, such as `authorization`. @default {} */
  readonly headers?: Readonly<Record<string, string>>
  /** Allows http to other machines: whoever is on the way can read it. @default false */
  readonly insecure?: boolean
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
  /** Time for pauses and for the time that is signed. @default systemClock() */
  readonly clock?: Clock
  /** @default silent */
  readonly logger?: Logger
}

/** Options after the check. */
export interface WebhookSettings {
  readonly url: URL
  readonly secrets: readonly string[]
  readonly events: 'all' | readonly NotifyEvent[] | undefined
  readonly timeoutMs: number
  readonly attempts: number
  readonly pauses: RetryPauses
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const OWN_HEADERS =
  /^(?:webhook-.*|content-type|content-length|host|connection|transfer-encoding)$/i
const LONGEST_PAUSE_MS = 30_000

const duration = z.union([z.number(), z.string()]).optional()
const schema = z.strictObject({
  url: z.string().refine((text) => URL.canParse(text), 'it is no URL'),
  secret: secretOption,
  events: eventsOption,
  timeout: duration,
  attempts: z.int().min(1).max(100).default(5),
  retryAfter: duration,
  headers: z
    .record(
      z
        .string()
        .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'not the name of a header')
        .refine((name) => !OWN_HEADERS.test(name), 'the notifier sets this header itself'),
      z.string().regex(/^[\t -~]*$/, 'not what a header can carry'),
    )
    .default({}),
  insecure: z.boolean().default(false),
  signal: z.instanceof(AbortSignal).optional(),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  logger: portSchema<Logger>('pino logger', ['info', 'warn', 'error', 'child']).optional(),
})

const REMEDIES: Readonly<Record<string, string>> = {
  url: 'Give an https URL with no user or password in it; http goes to this machine only (or with insecure: true).',
  secret: SECRET_REMEDY,
  events: EVENTS_REMEDY,
  timeout: "Give milliseconds above 0 or a string such as '10s'.",
  attempts: 'Give a whole number from 1 to 100.',
  retryAfter: "Give milliseconds or a string such as '1s'.",
  headers:
    'Give names with texts as values; content-type, host and webhook-* are set by the notifier.',
  '': 'Give url and secret; and any of events, timeout, attempts, retryAfter, headers, insecure, signal, clock, logger.',
}

/** Checks the options. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID` */
export function readWebhookOptions(options: WebhookNotifierOptions): WebhookSettings {
  const help = { remedies: REMEDIES, secret: ['url', 'secret', 'headers'] }
  const { secret, timeout, retryAfter, ...checked } = checkOptions(schema, options, '', help)
  const url = new URL(checked.url)
  checkUrl(url, checked.insecure)
  return {
    url,
    secrets: typeof secret === 'string' ? [secret] : secret,
    events: checked.events,
    timeoutMs: positiveMs(timeout ?? '10s', 'timeout'),
    attempts: checked.attempts,
    pauses: { firstMs: toMs(retryAfter ?? '1s', 'retryAfter'), longestMs: LONGEST_PAUSE_MS },
    headers: checked.headers,
    signal: checked.signal,
    clock: checked.clock ?? systemClock(),
    logger: (checked.logger ?? pino({ level: 'silent' })).child({ component: 'webhook' }),
  }
}

function checkUrl({ protocol, hostname, username, password }: URL, insecure: boolean): void {
  if (username !== '' || password !== '') throw refusedUrl('it holds a user or a password')
  if (protocol === 'https:') return
  if (protocol !== 'http:') throw refusedUrl(`its protocol is ${protocol}`)
  if (!insecure && !isLoopback(hostname)) throw refusedUrl('it is http to another machine')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}

function refusedUrl(problem: string): Error {
  const details = { field: 'url', value: '(hidden)', problem, remedy: REMEDIES['url'] }
  return refuse('CHANGEOVER_OPTION_INVALID', details)
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** A duration that is above 0 and fits a timer. @throws ChangeoverError */
export function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0 && ms <= LONGEST_TIMER_MS) return ms
  const problem = ms > 0 ? 'it is longer than 24 days' : 'it is 0'
  const remedy = "Give a duration such as '10s'."
  throw refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
