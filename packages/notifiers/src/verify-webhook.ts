import { checkOptions, type Duration, toMs } from '@changeover/engine'
import { z } from 'zod'
import { notifierError } from './error-codes.ts'
import type { NotifierMessage } from './message.ts'
import { isSigned, SECRET_REMEDY, secretOption } from './signature.ts'

/** A request as it came, and what it must have been signed with. */
export interface ReceivedWebhook {
  /** One secret, or several while they are exchanged. */
  readonly secret: string | readonly string[]
  /** Of a node:http request (`request.headers`), or of a fetch-style one. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** As it came, not parsed and written again. */
  readonly body: string | Uint8Array
  /** How far its time may be from now. @default '5m' */
  readonly tolerance?: Duration
  /** Now, in milliseconds since the epoch. @default Date.now() */
  readonly now?: number
}

const schema = z.object({
  secret: secretOption,
  headers: z.custom<ReceivedWebhook['headers']>(isObject, 'not headers'),
  body: z.union([z.string(), z.instanceof(Uint8Array)], 'not a text or bytes'),
  tolerance: z.union([z.number(), z.string()]).optional(),
  now: z.number().optional(),
})

const REMEDIES = {
  secret: SECRET_REMEDY,
  headers: 'Give request.headers.',
  body: 'Give the raw body: its parsed JSON, written again, has another signature.',
}

/**
 * Whether a request was sent by somebody who has the secret, lately. The signature is that of the Standard Webhooks
 * specification, so its libraries for other languages do the same. The same message may come twice: its `id` tells.
 *
 * @returns what was sent
 * @throws ChangeoverError `CHANGEOVER_WEBHOOK_UNVERIFIED`; `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const secret = process.env['WEBHOOK_SECRET'] ?? ''
 * createServer(async (request, response) => {
 *   const body = Buffer.concat(await request.toArray())
 *   const { id, entry } = verifyWebhook({ secret, headers: request.headers, body })
 *   console.log(id, entry.type)
 *   response.writeHead(204).end()
 * })
 * ```
 */
export function verifyWebhook(received: ReceivedWebhook): NotifierMessage {
  const help = { remedies: REMEDIES, secret: ['secret', 'headers', 'body'] }
  const { secret, headers, body, tolerance = '5m', now } = checkOptions(schema, received, '', help)
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    headerOf(headers, `webhook-${name}`),
  )
  if (!id || !timestamp || !signature) throw unverified('it lacks a header webhook-…')
  const age = (now ?? Date.now()) - Number(timestamp) * 1000
  // Not a number is no time either.
  if (!(Math.abs(age) <= toMs(tolerance, 'tolerance'))) throw unverified('its time is not now')
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (!isSigned(signature, secrets, { id, timestamp, body }))
    throw unverified('its signature is not one of ours')
  return parse(body)
}

function parse(body: string | Uint8Array): NotifierMessage {
  try {
    return JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
  } catch (error) {
    throw notifierError('CHANGEOVER_WEBHOOK_UNVERIFIED', { problem: 'it is no JSON' }, error)
  }
}

function headerOf(headers: ReceivedWebhook['headers'], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof value === 'string' ? value : value?.join(' ')
}

function unverified(problem: string): Error {
  return notifierError('CHANGEOVER_WEBHOOK_UNVERIFIED', { problem })
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
