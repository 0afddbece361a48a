import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

const SHAPE = /^(?:whsec_)?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/

/** Schema of one secret, or of several while they are exchanged. */
export const secretOption: z.ZodType<string | readonly string[]> = z.union(
  [secretText(), z.array(secretText()).min(1).max(10)],
  'not a secret of 24 to 64 bytes in base64',
)

/** What to do about a mistake in the option `secret`. */
export const SECRET_REMEDY =
  "Give 'whsec_' and 24 to 64 random bytes in base64: `openssl rand -base64 32`."

function secretText(): z.ZodType<string> {
  return z.string().refine((text) => {
    const { length } = keyOf(text)
    return SHAPE.test(text) && length >= 24 && length <= 64
  }, 'not a secret of 24 to 64 bytes in base64')
}

/** What is signed, as the Standard Webhooks specification says. */
export interface SignedContent {
  readonly id: string
  /** Seconds since the epoch, as sent. */
  readonly timestamp: string
  readonly body: string | Uint8Array
}

/** The value of `webhook-signature`: one signature for each secret. Pure. */
export function sign(secrets: readonly string[], content: SignedContent): string {
  return secrets.map((secret) => `v1,${digest(secret, content).toString('base64')}`).join(' ')
}

/** Whether one of the signatures in `header` was made with one of the secrets. In constant time. Pure. */
export function isSigned(
  header: string,
  secrets: readonly string[],
  content: SignedContent,
): boolean {
  const given = header.split(' ').flatMap((part) => /^v1,(.+)$/.exec(part)?.[1] ?? [])
  const expected = secrets.map((secret) => digest(secret, content))
  return given.some((text) => expected.some((one) => same(one, Buffer.from(text, 'base64'))))
}

function same(expected: Buffer, given: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function digest(secret: string, { id, timestamp, body }: SignedContent): Buffer {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest()
}

function keyOf(secret: string): Buffer {
  return Buffer.from(SHAPE.exec(secret)?.[1] ?? '', 'base64')
}
