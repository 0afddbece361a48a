import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { type Clock, ChangeoverError, systemClock } from '@changeover/engine'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type OpenNotifier,
  verifyWebhook,
  webhookNotifier,
  type WebhookNotifierOptions,
} from '../src/index.ts'
import { createdBody, entryOf, finished } from './journal-under-test.ts'
import { accept, type Reaction, type Received, type Receiver, startReceiver } from './receiver.ts'

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const context = { service: 'shop' }

/** Notes how long it was asked to sleep, and does not. */
function sleeplessClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = []
  return { pauses, now: () => Date.now(), sleep: async (ms) => void pauses.push(ms) }
}

function notifierTo(url: string, options: Partial<WebhookNotifierOptions> = {}): OpenNotifier {
  const notifier = webhookNotifier({ url, secret, clock: sleeplessClock(), ...options })
  onTestFinished(() => notifier.close())
  return notifier
}

async function failureOf(work: Promise<unknown>): Promise<ChangeoverError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof ChangeoverError) return error
  throw error
}

function answering(...reactions: readonly Reaction[]): Promise<Receiver> {
  return startReceiver((response, n) => (reactions[n] ?? accept)(response, n))
}

const status =
  (code: number, headers: Record<string, string> = {}): Reaction =>
  (response) =>
    void response.writeHead(code, headers).end('no')

describe('an entry', () => {
  test('is posted as JSON that its receiver can verify, without the specs of releases', async () => {
    const { url, received } = await startReceiver()
    const headers = { authorization: 'Bearer abc' }
    const spec = { command: ['node', 'server.js'], env: { KEY: 'spec-secret' } }
    const entry = entryOf(createdBody('shop', spec), 'r.1')

    await notifierTo(url, { headers }).notify(entry, context)

    expect(received).toHaveLength(1)
    const [first] = received as [Received]
    expect(first.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer abc',
      'webhook-id': 'r%2E1:0',
    })
    expect(verifyWebhook({ secret, headers: first.headers, body: first.body })).toMatchObject({
      id: 'r%2E1:0',
      service: 'shop',
      rollout: 'r.1',
      entry: { type: 'created', seq: 0, plan: { to: { id: 'b', version: '2.0.0' } } },
    })
    expect(first.body).not.toMatch(/spec|server\.js/)
  })

  test('is signed with each of several secrets, and once more for each attempt', async () => {
    const { url, received } = await answering(status(503))
    const next = `whsec_${Buffer.alloc(24, 9).toString('base64')}`
    const clock = { ...sleeplessClock(), now: () => (received.length + 1) * 1_000_000 }

    await notifierTo(url, { secret: [secret, next], clock }).notify(entryOf(finished), context)

    expect(received.map(({ headers }) => headers['webhook-timestamp'])).toEqual(['1000', '2000'])
    for (const [n, { headers, body }] of received.entries()) {
      for (const one of [secret, next])
        verifyWebhook({ secret: one, headers, body, now: (n + 1) * 1_000_000 })
    }
  })

  test('that nobody asked for is not posted', async () => {
    const { url, received } = await startReceiver()
    const people = notifierTo(url)
    const picky = notifierTo(url, { events: ['ready'] })
    const everything = notifierTo(url, { events: 'all' })

    for (const notifier of [people, picky, everything]) {
      await notifier.notify(entryOf({ type: 'ready', id: 'b-1' }), context)
      await notifier.notify(entryOf(finished), context)
    }

    expect(received.map(({ message }) => message.entry.type)).toEqual([
      'finished',
      'ready',
      'ready',
      'finished',
    ])
  })

  test('where people are asked, or a judge found against the release, is told unasked', async () => {
    const { url, received } = await startReceiver()
    const notifier = notifierTo(url)
    const verdict = { evidence: 10, reason: 'so' }
    const approve = { step: 'approve', gate: 'go', quorum: 1 } as const

    await notifier.notify(entryOf({ type: 'step-started', index: 3, step: approve }), context)
    const bake = { step: 'bake', durationMs: 5 } as const
    await notifier.notify(entryOf({ type: 'step-started', index: 4, step: bake }), context)
    for (const outcome of ['pass', 'inconclusive', 'fail'] as const) {
      const judged = { gate: 'errors', verdict: { ...verdict, verdict: outcome } }
      await notifier.notify(entryOf({ type: 'judged', ...judged }), context)
    }

    expect(received.map(({ message: { entry } }) => entry)).toMatchObject([
      { type: 'step-started', step: { gate: 'go' } },
      { type: 'judged', verdict: { verdict: 'fail' } },
    ])
  })
})

describe('an attempt that fails', () => {
  test.each([408, 425, 429, 500, 502, 503])('with %i is made again', async (code) => {
    const { url, received } = await answering(status(code), status(code))

    await notifierTo(url).notify(entryOf(finished), context)

    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set(['r-1:0']),
    )
  })

  test('by a connection that is cut is made again', async () => {
    const { url, received } = await answering((response) => void response.destroy())

    await notifierTo(url).notify(entryOf(finished), context)

    expect(received).toHaveLength(2)
  })

  test('since no answer comes, or none that ends, is given up at the time-out', async () => {
    const { url, received } = await answering(
      () => undefined,
      (response) => void response.writeHead(200).write('and so on'),
    )

    await notifierTo(url, { timeout: '200ms' }).notify(entryOf(finished), context)

    // What came with a status was taken, whatever becomes of the rest.
    expect(received).toHaveLength(2)
  })

  test('is followed by pauses that double, scattered, and by those that the receiver asks for', async () => {
    const { url } = await answering(
      status(500),
      status(500),
      status(429, { 'retry-after': '20' }),
      status(503, { 'retry-after': new Date(Date.now() + 25_000).toUTCString() }),
    )
    const clock = sleeplessClock()

    await notifierTo(url, { clock }).notify(entryOf(finished), context)

    const [first = 0, second = 0, third = 0, fourth = 0] = clock.pauses
    expect(first).toBeGreaterThanOrEqual(500)
    expect(first).toBeLessThanOrEqual(1000)
    expect(second).toBeGreaterThanOrEqual(1000)
    expect(second).toBeLessThanOrEqual(2000)
    expect(third).toBe(20_000)
    expect(fourth).toBeGreaterThan(15_000)
    expect(fourth).toBeLessThanOrEqual(25_000)
  })

  test('as often as is allowed is told as an error that may be tried again', async () => {
    const { url, received } = await startReceiver(status(500))

    const error = await failureOf(
      notifierTo(url, { attempts: 2 }).notify(entryOf(finished), context),
    )

    expect(received).toHaveLength(2)
    expect(error.code).toBe('CHANGEOVER_WEBHOOK_FAILED')
    expect(error.message).toMatch(/did not take "r-1:0" in 2 attempt\(s\): it answered 500/)
    expect(error.details).toMatchObject({ final: false })
  })

  test('and asks for a longer pause than a rollout can wait for is left to the courier', async () => {
    const { url, received } = await startReceiver(status(429, { 'retry-after': '3600' }))

    const error = await failureOf(notifierTo(url).notify(entryOf(finished), context))

    expect(received).toHaveLength(1)
    expect(error.details).toMatchObject({ final: false, retryAfterMs: 3_600_000 })
  })

  test('because nobody listens is told with the address, and nothing else of the url', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const url = `http://127.0.0.1:${port}/services/url-secret`

    const error = await failureOf(notifierTo(url).notify(entryOf(finished), context))

    expect(error.code).toBe('CHANGEOVER_WEBHOOK_FAILED')
    expect(error.message).toContain(`http://127.0.0.1:${port} did not take`)
    expect(error.message).toContain('ECONNREFUSED')
  })
})

describe('a refusal', () => {
  test.each([300, 304, 400, 401, 403, 404, 410, 422])('with %i is final', async (code) => {
    const { url, received } = await startReceiver(status(code))

    const error = await failureOf(notifierTo(url).notify(entryOf(finished), context))

    expect(received).toHaveLength(1)
    expect(error.code).toBe('CHANGEOVER_WEBHOOK_REFUSED')
    expect(error.details).toMatchObject({ final: true, problem: `it answered ${code}` })
  })

  test.each([301, 302, 303, 307, 308])('%i: a redirect is not followed', async (code) => {
    const elsewhere = await startReceiver()
    const { url } = await startReceiver(status(code, { location: elsewhere.url }))

    const error = await failureOf(notifierTo(url).notify(entryOf(finished), context))

    expect(error.code).toBe('CHANGEOVER_WEBHOOK_REFUSED')
    expect(elsewhere.received).toEqual([])
  })
})

test('neither errors nor logs show the secret, the url or a header', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const { url } = await answering(status(500), (response) => void response.destroy(), status(404))
  const headers = { authorization: 'Bearer header-secret' }

  const error = await failureOf(
    notifierTo(url, { headers, logger }).notify(entryOf(finished), context),
  )

  expect(lines).toHaveLength(2)
  const shown = `${lines.join('')}${inspect(error, { depth: 9 })}${JSON.stringify(error)}`
  expect(shown).toContain('it answered 404')
  expect(shown).not.toMatch(/header-secret|in-the-url/)
  expect(shown).not.toContain(secret.slice(6))
})

describe('over https', () => {
  const certificate = (part: string): URL =>
    new URL(`../../lifecycle/test/fixtures/localhost-${part}.pem`, import.meta.url)

  async function secureUrl(got: string[]): Promise<string> {
    const pair = { key: readFileSync(certificate('key')), cert: readFileSync(certificate('cert')) }
    const server = createSecureServer(pair, (request, response) => {
      got.push(String(request.headers['webhook-id']))
      response.writeHead(204).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `https://localhost:${(server.address() as AddressInfo).port}/`
  }

  test('nothing is sent to a server that cannot prove its name', async () => {
    const got: string[] = []

    const error = await failureOf(
      notifierTo(await secureUrl(got), { attempts: 2 }).notify(entryOf(finished), context),
    )

    expect(error.message).toMatch(/in 2 attempt\(s\): self-signed certificate/)
    expect(got).toEqual([])
  })

  test('an entry is sent to one that can', async () => {
    const got: string[] = []
    const program = `
      import { webhookNotifier } from '@changeover/notifiers'
      const [url, secret, entry] = process.argv.slice(1)
      await webhookNotifier({ url, secret }).notify(JSON.parse(entry), { service: 'shop' })`
    const args = [await secureUrl(got), secret, JSON.stringify(entryOf(finished))]
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { NODE_EXTRA_CA_CERTS: fileURLToPath(certificate('cert')) },
      stdio: 'inherit',
    })

    expect(await once(child, 'exit')).toEqual([0, null])
    expect(got).toEqual(['r-1:0'])
  })
})

describe('closing a notifier', () => {
  test('breaks off an attempt, and leaves no connection', async () => {
    const receiver = await startReceiver(() => void notifier.close())
    const notifier = notifierTo(receiver.url)

    const error = await failureOf(notifier.notify(entryOf(finished), context))

    expect(error.code).toBe('CHANGEOVER_NOTIFIER_CLOSED')
    await expect.poll(() => receiver.connections()).toBe(0)
    expect(notifier.close()).toBe(notifier.close())
  })

  test('breaks off a pause; so does the signal of one call, for that call', async () => {
    const { url } = await startReceiver(status(500))
    const [one, all] = [new AbortController(), new AbortController()]
    const options = { clock: systemClock(), retryAfter: '1h', signal: all.signal }
    const notifier = notifierTo(url, options)
    const first = failureOf(notifier.notify(entryOf(finished), { ...context, signal: one.signal }))
    const second = failureOf(notifier.notify(entryOf(finished, 'r-2'), context))

    one.abort()
    expect((await first).code).toBe('CHANGEOVER_NOTIFIER_CLOSED')
    all.abort()
    expect((await second).message).toContain('"r-2:0"')
  })
})

describe('an option that cannot work is refused by name, and no secret is shown', () => {
  const url = 'https://hooks.example.com/in-the-url'
  test.each<[Record<string, unknown>, RegExp]>([
    [{ secret }, /"url" was refused/],
    [{ url: 'hooks', secret }, /"url" was refused: it is no URL \(got \(hidden\)\)/],
    [{ url: 'ftp://x/in-the-url', secret }, /"url" was refused: its protocol is ftp:/],
    [{ url: 'http://example.com/in-the-url', secret }, /"url" was refused: it is http to another/],
    [
      { url: 'https://me:in-the-url@x', secret },
      /"url" was refused: it holds a user or a password/,
    ],
    [{ url }, /"secret" was refused/],
    [{ url, secret: 'in-the-url' }, /"secret" was refused: not a secret of 24 to 64 bytes/],
    [{ url, secret: [] }, /"secret" was refused/],
    [{ url, secret, events: ['create'] }, /"events.*" was refused: .*list of these: created/],
    [{ url, secret, events: [] }, /"events" was refused/],
    [{ url, secret, timeout: 0 }, /"timeout" was refused: it is 0/],
    [{ url, secret, timeout: 'soon' }, /"timeout" is not a duration/],
    [{ url, secret, attempts: 0 }, /"attempts" was refused/],
    [{ url, secret, headers: { 'Webhook-Id': 'x' } }, /"headers\.Webhook-Id" was refused/],
    [{ url, secret, headers: { a: 'in-the-url\r\nb: c' } }, /"headers\.a" was refused/],
    [{ url, secret, redirect: true }, /"redirect" was refused: there is no such option/],
  ])('%j', (options, message) => {
    const call = () => webhookNotifier(options as unknown as WebhookNotifierOptions)

    expect(call).toThrow(message)
    expect(call).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('in-the-url') as string }),
    )
  })

  test('http is allowed to this machine, and to others where that is asked for', () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1.2.3'])
      webhookNotifier({ url: `http://${host}:1/`, secret })
    webhookNotifier({ url: 'http://example.com/', secret, insecure: true })
    expect(() => webhookNotifier({ url: 'http://127.0.0.1.example.com/', secret })).toThrow('http')
  })
})
