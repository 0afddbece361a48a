import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ReceivedWebhook, verifyWebhook } from '../src/index.ts'
import { sign } from '../src/signature.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const body = '{"test": 2432232314}'
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const sentAt = 1_614_265_330

function received(changes: Partial<ReceivedWebhook> = {}): ReceivedWebhook {
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(sentAt),
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  return { secret, headers, body, now: sentAt * 1000, ...changes }
}

test('a signature is that of the test vector of the specification’s own libraries', () => {
  const content = { id, timestamp: String(sentAt), body }

  expect(sign([secret], content)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  expect(verifyWebhook(received())).toEqual({ test: 2_432_232_314 })
})

test('a signature is a HMAC over id, time and body, by whoever computes it, and for every secret', () => {
  const key = fc.uint8Array({ minLength: 24, maxLength: 64 })
  fc.assert(
    fc.property(key, fc.json(), fc.stringMatching(/^[\w:%-]{1,40}$/), (bytes, body, id) => {
      const own = Buffer.from(bytes)
      const mac = createHmac('sha256', own).update(`${id}.${sentAt}.${body}`).digest('base64')
      const headers = new Headers({
        'webhook-id': id,
        'webhook-timestamp': String(sentAt),
        'webhook-signature': `v1a,xyz v1,${mac}`,
      })
      const secrets = [other, `whsec_${own.toString('base64')}`]

      const verified = verifyWebhook({ secret: secrets, headers, body, now: sentAt * 1000 })

      expect(verified).toEqual(JSON.parse(body))
    }),
  )
})

describe('a webhook is refused', () => {
  const { headers } = received() as { headers: Record<string, string> }
  test.each<[string, Partial<ReceivedWebhook>, RegExp]>([
    ['with another body', { body: '{"test":2432232314}' }, /signature is not one of ours/],
    ['with another secret', { secret: other }, /signature is not one of ours/],
    ['with another id', { headers: { ...headers, 'webhook-id': 'x' } }, /signature/],
    ['sent long ago', { now: (sentAt + 301) * 1000 }, /its time is not now/],
    ['from the future', { now: (sentAt - 301) * 1000 }, /its time is not now/],
    [
      'with no time',
      { headers: { ...headers, 'webhook-timestamp': 'now' } },
      /its time is not now/,
    ],
    ['with no signature', { headers: { 'webhook-id': id, 'webhook-timestamp': '1' } }, /it lacks/],
    [
      'of another version',
      { headers: { ...headers, 'webhook-signature': 'v2,abc=' } },
      /signature/,
    ],
  ])('%s', (_, changes, problem) => {
    expect(() => verifyWebhook(received(changes))).toThrow(problem)
    expect(() => verifyWebhook(received(changes))).toThrow(
      expect.objectContaining({ code: 'CHANGEOVER_WEBHOOK_UNVERIFIED' }),
    )
  })

  test('that is no JSON, though it is signed', () => {
    const content = { id, timestamp: String(sentAt), body: 'hello' }
    const signed = { ...headers, 'webhook-signature': sign([secret], content) }

    expect(() => verifyWebhook(received({ headers: signed, body: 'hello' }))).toThrow('no JSON')
  })

  test('but not one that is as old as its receiver allows', () => {
    const late = { now: (sentAt + 3000) * 1000, tolerance: '1h' }

    expect(verifyWebhook(received(late))).toEqual({ test: 2_432_232_314 })
  })
})

test('a secret that is none is refused, and not shown', () => {
  expect(() => verifyWebhook(received({ secret: 'whsec_c2hvcnQ=' }))).toThrow(
    expect.objectContaining({
      code: 'CHANGEOVER_OPTION_INVALID',
      message: expect.not.stringContaining('c2hvcnQ') as string,
    }),
  )
})
