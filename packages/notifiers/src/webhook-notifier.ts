import type { ChangeoverError, Notifier } from '@changeover/engine'
import { createClosable, within } from './closable.ts'
import { notifierError } from './error-codes.ts'
import { messageOf } from './message.ts'
import { wants } from './notify-event.ts'
import { post, type PostAnswer } from './post.ts'
import { pauseMs, retryAfterMs } from './retry.ts'
import { sign } from './signature.ts'
import {
  readWebhookOptions,
  type WebhookNotifierOptions,
  type WebhookSettings,
} from './webhook-options.ts'

/** A notifier that may have something under way. */
export interface OpenNotifier extends Notifier, AsyncDisposable {
  /** Breaks off what is under way, and waits for that. */
  close(): Promise<void>
}

/**
 * Posts entries as JSON (`NotifierMessage`), signed as the Standard Webhooks specification says (`webhook-id`,
 * `webhook-timestamp`, `webhook-signature`), so that its libraries verify them, or `verifyWebhook`.
 *
 * `notify` resolves when a 2xx status came, or where the entry is none of `events`. Network errors, time-outs, 408, 425,
 * 429 and 5xx are tried again, after `Retry-After` where that is longer; every other status is final. Without a courier
 * nothing is tried again later: see `createCourier`.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; `notify` rejects with
 *   `CHANGEOVER_WEBHOOK_FAILED`, `CHANGEOVER_WEBHOOK_REFUSED` (final) or `CHANGEOVER_NOTIFIER_CLOSED`
 * @example
 * ```ts
 * const secret = process.env['WEBHOOK_SECRET'] ?? ''
 * const chat = webhookNotifier({ url: 'https://hooks.example.com/deploys', secret })
 * const courier = createCourier({ store, notifiers: { chat }, directory: '/var/lib/shop/notifications' })
 * ```
 */
export function webhookNotifier(options: WebhookNotifierOptions): OpenNotifier {
  const settings = readWebhookOptions(options)
  const closable = createClosable(settings.signal)
  return {
    async notify(entry, { service, signal }) {
      if (!wants(settings.events, entry)) return
      const message = messageOf(entry, service)
      const parcel = { id: message.id, body: JSON.stringify(message) }
      await closable.run((until) => deliver(parcel, settings, until), signal)
    },
    close: () => closable.close(),
    [Symbol.asyncDispose]: () => closable.close(),
  }
}

interface Parcel {
  readonly id: string
  readonly body: string
}

async function deliver(
  parcel: Parcel,
  settings: WebhookSettings,
  signal: AbortSignal,
): Promise<void> {
  const { attempts, pauses, clock, logger } = settings
  for (let failures = 1; ; failures++) {
    const failed = await attempt(parcel, settings, signal)
    if (failed === undefined) return
    const asked = failed.retryAfterMs ?? 0
    const error = errorOf(parcel, settings, failed, failures)
    if (failed.final || failures >= attempts || asked > pauses.longestMs) throw error
    logger.warn(
      { id: parcel.id, problem: failed.problem, failures },
      'a webhook failed; again soon',
    )
    const pause = Math.max(pauseMs(pauses, failures, Math.random()), asked)
    await clock.sleep(pause, { signal }).catch(() => undefined)
    if (signal.aborted) throw closed(parcel)
  }
}

interface Failure {
  readonly problem: string
  readonly final: boolean
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

async function attempt(
  { id, body }: Parcel,
  { url, secrets, headers, timeoutMs, clock }: WebhookSettings,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const timestamp = String(Math.floor(clock.now() / 1000))
  const own = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': sign(secrets, { id, timestamp, body }),
  }
  try {
    const request = { url, headers: { ...headers, ...own }, body }
    const answer = await within(timeoutMs, signal, (until) => post({ ...request, signal: until }))
    return failureOf(answer, clock.now())
  } catch (cause) {
    if (signal.aborted) throw closed({ id })
    return { problem: cause instanceof Error ? cause.message : String(cause), final: false, cause }
  }
}

const AGAIN = new Set([408, 425, 429])

function failureOf({ status, retryAfter }: PostAnswer, now: number): Failure | undefined {
  if (status >= 200 && status < 300) return undefined
  const final = status < 500 && !AGAIN.has(status)
  return { problem: `it answered ${status}`, final, retryAfterMs: retryAfterMs(retryAfter, now) }
}

function errorOf(
  { id }: Parcel,
  { url }: WebhookSettings,
  { problem, final, retryAfterMs: pause, cause }: Failure,
  attempts: number,
): ChangeoverError {
  const details = { id, where: url.origin, problem, attempts, final, retryAfterMs: pause }
  const code = final ? 'CHANGEOVER_WEBHOOK_REFUSED' : 'CHANGEOVER_WEBHOOK_FAILED'
  return notifierError(code, details, cause)
}

function closed({ id }: { id: string }): Error {
  return notifierError('CHANGEOVER_NOTIFIER_CLOSED', { id })
}
