import { createServer, request as send, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Access, Actor } from '../../src/access/access.ts'
import { localActor } from '../../src/access/local-actor.ts'
import type { Role } from '../../src/api/index.ts'
import {
  type AccessOptions,
  ConsoleError,
  createAccess,
  createToken,
  type FileTokens,
  fileTokens,
} from '../../src/index.ts'

/** What the server of these tests answers: the actor, or the refusal. */
interface Told {
  readonly status: number
  readonly code?: string
  readonly actor?: Actor
  readonly cookie?: string
  readonly seconds?: number
}

let folder: string
let tokens: FileTokens
let access: Access
let server: Server
let now: number
const logged: string[] = []

const outside = 'https://deploys.example.com'
const clock = { now: () => now, sleep: () => Promise.resolve() }

beforeEach(async () => {
  now = 1_000_000
  logged.length = 0
  folder = mkdtempSync(join(tmpdir(), 'changeover-access-'))
  tokens = fileTokens({ path: join(folder, 'tokens.json') })
  access = make({})
  server = createServer((request, response) => {
    const told = answer(request)
    response.writeHead(told.status).end(JSON.stringify(told))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  await access.close()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('A program', () => {
  it('comes in with its token, as whom it was made for', async () => {
    const token = await add('ci', 'operator')
    const told = await ask('POST', '/', { authorization: `Bearer ${token}` })
    expect(told.actor).toEqual({ name: 'ci', role: 'operator', via: 'token', from: '127.0.0.1' })
    expect((await ask('GET', '/', { authorization: `bearer  ${token} ` })).actor?.name).toBe('ci')
  })

  it('is nobody without one', async () => {
    expect(await ask('GET', '/')).toEqual({ status: 200 })
    expect(await ask('GET', '/', { authorization: 'Basic YTpi' })).toEqual({ status: 200 })
  })

  it('is told nothing of what was wrong with it', async () => {
    const token = await add('ci', 'operator')
    const old = await add('old', 'operator', 999_999)
    const wrong = [`${token}x`, token.slice(0, -1), old, 'co_', '', 'x'.repeat(10_000)]
    const told = wrong.map((one) => ask('GET', '/', { authorization: `Bearer ${one}` }))
    for (const one of await Promise.all(told))
      expect(one).toEqual({ status: 401, code: 'CHANGEOVER_CONSOLE_CREDENTIALS' })
  })

  it('is out at once when its token is revoked, or its time is over', async () => {
    const token = await add('ci', 'operator', 2_000_000)
    const authorization = `Bearer ${token}`
    now = 1_999_999
    expect((await ask('GET', '/', { authorization })).status).toBe(200)
    now = 2_000_000
    expect((await ask('GET', '/', { authorization })).status).toBe(401)
    now = 1_000_000
    await tokens.revoke('ci')
    expect((await ask('GET', '/', { authorization })).status).toBe(401)
  })

  it('is refused in a page elsewhere, token or not', async () => {
    const authorization = `Bearer ${await add('ci', 'operator')}`
    const told = await ask('POST', '/', { authorization, origin: 'https://evil.net' })
    expect(told).toEqual({ status: 403, code: 'CHANGEOVER_CONSOLE_ORIGIN' })
  })

  it('does not get another name by a header', async () => {
    const authorization = `Bearer ${await add('ci', 'viewer')}`
    const told = await ask('GET', '/', { authorization, 'x-changeover-actor': 'root' })
    expect(told.actor).toMatchObject({ name: 'ci', role: 'viewer', via: 'token' })
    expect(await ask('GET', '/', { 'x-changeover-actor': 'root' })).toEqual({ status: 200 })
  })
})

describe('A browser', () => {
  it('trades a token for a session, whose cookie no script and no other site gets', async () => {
    const token = await add('vera', 'approver')
    const told = await signIn(token)
    expect(told.cookie).toMatch(
      /^changeover=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    )
    expect(told.actor).toMatchObject({ name: 'vera', role: 'approver', via: 'session' })
    expect(told.cookie).not.toContain(token)
    const cookie = told.cookie!.split(';')[0]!
    expect((await ask('GET', '/', { cookie })).actor).toEqual(told.actor)
  })

  it('gets a cookie for TLS alone where the page came that way', async () => {
    const token = await add('vera', 'approver')
    const told = await signIn(token, { host: 'deploys.example.com', origin: outside })
    expect(told.cookie).toMatch(/^__Host-changeover=[\w-]{43}; Path=\/; .*; Secure$/)
    const cookie = told.cookie!.split(';')[0]!
    expect((await ask('GET', '/', { host: 'deploys.example.com', cookie })).actor?.name).toBe(
      'vera',
    )
    access = make({ secureCookies: true })
    expect((await signIn(token)).cookie).toMatch(/; Secure$/)
    const plain = (await signIn(token)).cookie!.split(';')[0]!.replace('__Host-', '')
    expect(await ask('GET', '/', { cookie: plain })).toEqual({ status: 200 })
  })

  it('changes something only with the token of its session, from a page of ours', async () => {
    const { cookie, csrf, origin } = await session('vera', 'operator')
    const other = await session('olga', 'operator')
    const csrfHeader = (value: string) => ({ cookie, origin, 'x-changeover-csrf': value })
    expect(await ask('POST', '/', csrfHeader(csrf))).toMatchObject({ status: 200 })
    const csrfMissing = { status: 403, code: 'CHANGEOVER_CONSOLE_CSRF' }
    expect(await ask('POST', '/', { cookie, origin })).toEqual(csrfMissing)
    for (const wrong of ['', other.csrf, csrf.slice(1), `${csrf}, ${csrf}`, 'é'])
      expect(await ask('POST', '/', csrfHeader(wrong))).toEqual(csrfMissing)
    const noOrigin = { cookie, 'x-changeover-csrf': csrf }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect(await ask(method, '/', noOrigin)).toEqual({
        status: 403,
        code: 'CHANGEOVER_CONSOLE_ORIGIN',
      })
    expect(await ask('POST', '/', { ...noOrigin, origin: 'http://evil.net' })).toMatchObject({
      code: 'CHANGEOVER_CONSOLE_ORIGIN',
    })
    expect(await ask('HEAD', '/', { cookie })).toMatchObject({ status: 200 })
  })

  it('is signed out by signing out, by doing nothing, and after its time', async () => {
    const one = await session('vera', 'operator')
    const cookie = one.cookie
    const bare = await ask('DELETE', '/session', { cookie, origin: one.origin })
    expect(bare.code).toBe('CHANGEOVER_CONSOLE_CSRF')
    const headers = { cookie, origin: one.origin, 'x-changeover-csrf': one.csrf }
    const told = await ask('DELETE', '/session', headers)
    expect(told.cookie).toBe('changeover=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0')
    expect(await ask('GET', '/', { cookie })).toEqual({ status: 200 })

    const two = await session('olga', 'operator')
    const hour = 3_600_000
    for (let used = 0; used < 11; used += 1) {
      now += hour - 1
      expect((await ask('GET', '/', { cookie: two.cookie })).actor?.name).toBe('olga')
    }
    now += hour
    expect(await ask('GET', '/', { cookie: two.cookie })).toEqual({ status: 200 })

    const three = await session('rita', 'operator')
    for (let used = 0; used < 13; used += 1) {
      now += hour - 1
      await ask('GET', '/', { cookie: three.cookie })
    }
    expect(await ask('GET', '/', { cookie: three.cookie })).toEqual({ status: 200 })
  })

  it('is out at once when the token of its session is revoked, even when one of its name comes back', async () => {
    const { cookie } = await session('vera', 'operator')
    await tokens.revoke('vera')
    expect(await ask('GET', '/', { cookie })).toEqual({ status: 200 })
    await add('vera', 'operator')
    expect(await ask('GET', '/', { cookie })).toEqual({ status: 200 })
  })

  it('is out when the time of its token is over, and has the role that the token has now', async () => {
    const { token, stored } = createToken({ name: 'vera', role: 'operator' })
    await tokens.add({ ...stored, expiresAt: now + 1_000 })
    const cookie = (await signIn(token)).cookie!.split(';')[0]!
    await tokens.revoke('vera')
    await tokens.add({ ...stored, role: 'viewer', expiresAt: now + 1_000 })
    expect((await ask('GET', '/', { cookie })).actor?.role).toBe('viewer')
    now += 1_000
    expect(await ask('GET', '/', { cookie })).toEqual({ status: 200 })
  })

  it('has one session fewer for each one too many, the longest unused first', async () => {
    const token = await add('vera', 'viewer')
    const cookies: string[] = []
    for (let n = 0; n < 51; n += 1) cookies.push((await signIn(token)).cookie!.split(';')[0]!)
    expect(await ask('GET', '/', { cookie: cookies[0]! })).toEqual({ status: 200 })
    expect((await ask('GET', '/', { cookie: cookies[1]! })).actor?.name).toBe('vera')
    await signIn(token)
    expect((await ask('GET', '/', { cookie: cookies[1]! })).actor?.name).toBe('vera')
    expect(await ask('GET', '/', { cookie: cookies[2]! })).toEqual({ status: 200 })
  })

  it('gets a new session by signing in again, and the old one ends', async () => {
    const { cookie } = await session('vera', 'operator')
    const again = await signIn(await add('olga', 'viewer'), { cookie })
    expect(again.actor?.name).toBe('olga')
    expect(await ask('GET', '/', { cookie })).toEqual({ status: 200 })
  })

  it('that keeps trying is told to wait, also with the right token, and others are not', async () => {
    const token = await add('vera', 'viewer')
    for (let n = 0; n < 10; n += 1)
      expect((await signIn(`co_${n}`)).code).toBe('CHANGEOVER_CONSOLE_CREDENTIALS')
    const told = await signIn(token)
    expect(told).toEqual({ status: 429, code: 'CHANGEOVER_CONSOLE_RATE', seconds: 6 })
    access = make({ addressOf: (request) => String(request.headers['x-real-ip']) })
    for (let n = 0; n < 11; n += 1) await signIn(`co_${n}`, { 'x-real-ip': '2001:db8::1' })
    const from = async (ip: string) => (await signIn(token, { 'x-real-ip': ip })).status
    expect(await from('2001:db8::2')).toBe(429)
    expect(await from('2001:db8:1::2')).toBe(200)
    now += 6_000
    expect(await from('2001:db8::2')).toBe(200)
  })

  it('may sign in rightfully as often as it likes', async () => {
    const token = await add('vera', 'viewer')
    for (let n = 0; n < 40; n += 1) expect((await signIn(token)).status).toBe(200)
  })

  it('is not signed in by a page elsewhere', async () => {
    const token = await add('vera', 'viewer')
    expect((await signIn(token, { origin: 'https://evil.net' })).code).toBe(
      'CHANGEOVER_CONSOLE_ORIGIN',
    )
  })

  it('that reaches us by a foreign name is refused, whatever it brings', async () => {
    const authorization = `Bearer ${await add('ci', 'operator')}`
    const { cookie } = await session('vera', 'operator')
    for (const headers of [{}, { authorization }, { cookie }])
      expect(await ask('GET', '/', { ...headers, host: 'evil.net' })).toEqual({
        status: 421,
        code: 'CHANGEOVER_CONSOLE_HOST',
      })
  })
})

describe('Tokens that cannot be read', () => {
  it('let nobody in, tell the cause to the log alone, and are no hindrance once they can', async () => {
    const authorization = `Bearer ${await add('ci', 'operator')}`
    const { cookie } = await session('vera', 'operator')
    chmodSync(join(folder, 'tokens.json'), 0o644)
    for (const headers of [{ authorization }, { cookie }]) {
      const told = await ask('GET', '/', headers)
      expect(told).toEqual({ status: 503, code: 'CHANGEOVER_CONSOLE_ACCESS_UNREADABLE' })
    }
    expect(await ask('GET', '/')).toEqual({ status: 200 })
    expect(logged).toHaveLength(2)
    chmodSync(join(folder, 'tokens.json'), 0o600)
    expect((await ask('GET', '/', { cookie })).actor?.name).toBe('vera')
  })
})

describe('Whoever uses the socket of the agent', () => {
  it.each([
    [undefined, 'local'],
    ['alice', 'alice'],
    ['alice@example.com', 'alice@example.com'],
    ['_www', '_www'],
  ])('with the name %s is the operator %s', (given, name) => {
    const headers = given === undefined ? {} : { 'x-changeover-actor': given }
    const actor = { name, role: 'operator', via: 'socket', csrf: undefined, from: undefined }
    expect(localActor({ headers })).toEqual(actor)
  })

  it('is refused with a name that is none, whatever it is', () => {
    const names = fc.string({ unit: 'binary' }).filter((name) => !/^\w[\w.@+-]{0,63}$/.test(name))
    fc.assert(
      fc.property(names, (name) => {
        expect(() => localActor({ headers: { 'x-changeover-actor': name } })).toThrow(
          expect.objectContaining({ code: 'CHANGEOVER_CONSOLE_ACTOR_INVALID', status: 400 }),
        )
      }),
    )
  })
})

describe('Options', () => {
  it.each([
    [{ tokens: {} }, 'tokens'],
    [{ origins: ['deploys.example.com'] }, 'origins.0'],
    [{ origins: ['https://deploys.example.com/console'] }, 'origins.0'],
    [{ origins: ['https://a@deploys.example.com'] }, 'origins.0'],
    [{ origins: ['file:///'] }, 'origins.0'],
    [{ sessionTtl: 0 }, 'sessionTtl'],
    [{ sessionIdle: '1 hour' }, 'sessionIdle'],
    [{ secureCookies: 'yes' }, 'secureCookies'],
    [{ cors: true }, 'cors'],
  ])('with %j are refused', (wrong, field) => {
    expect(() => createAccess({ tokens, ...(wrong as object) })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) as object }),
    )
  })
})

describe('Requests of any shape', () => {
  it('get an actor, nobody, or a refusal with a code and a status', async () => {
    const real = await session('vera', 'operator')
    const token = await add('ci', 'operator')
    const text = fc.string({ unit: 'binary', maxLength: 60 })
    const mixed = (...known: string[]) => fc.oneof(text, fc.constantFrom(...known))
    const headers = fc.record(
      {
        host: mixed('127.0.0.1:1', 'evil.net'),
        origin: mixed('http://127.0.0.1:1', outside),
        cookie: mixed(real.cookie, `${real.cookie}; a`, real.cookie.slice(0, 20)),
        authorization: mixed(`Bearer ${token}`, 'Bearer ', `Bearer ${token.slice(1)}`),
        'x-changeover-csrf': fc.oneof(mixed(real.csrf), fc.array(text)),
        'sec-fetch-site': mixed('same-origin', 'none'),
      },
      { requiredKeys: [] },
    )
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', ''), headers, text, (method, headers, secret) => {
        const at = (url: string) =>
          ({ method, headers, url, socket: {} }) as unknown as IncomingMessage
        for (const told of [answer(at('/')), answer(at('/session'), secret)]) {
          seen.add(told.code ?? told.actor?.via ?? 'nobody')
          expect([200, 401, 403, 421, 429]).toContain(told.status)
        }
      }),
      { numRuns: 2_000 },
    )
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'nobody',
        'token',
        'CHANGEOVER_CONSOLE_HOST',
        'CHANGEOVER_CONSOLE_ORIGIN',
        'CHANGEOVER_CONSOLE_CREDENTIALS',
      ]),
    )
  })
})

function make(options: Partial<AccessOptions>): Access {
  const logger = { error: (_: object, text: string) => logged.push(text), warn() {}, child() {} }
  return createAccess({
    tokens,
    origins: [outside],
    clock,
    logger: logger as never,
    ...options,
  })
}

/** The server's whole application. What is no refusal with a code is told as 500. */
function answer(request: IncomingMessage, secret = String(request.headers['x-token'] ?? '')): Told {
  try {
    if (request.url !== '/session') {
      const actor = access.admit(request)
      return actor === undefined ? { status: 200 } : { status: 200, actor }
    }
    if (request.method === 'DELETE') return { status: 200, cookie: access.signOut(request) }
    return { status: 200, ...access.signIn(request, secret) }
  } catch (error) {
    if (!(error instanceof ConsoleError)) return { status: 500, code: String(error) }
    const { status, code, details } = error
    const seconds = details['seconds'] as number | undefined
    return seconds === undefined ? { status, code } : { status, code, seconds }
  }
}

async function add(name: string, role: Role, expiresAt?: number): Promise<string> {
  const options = { name, role, clock }
  const made = createToken(expiresAt === undefined ? options : { ...options, expiresAt })
  await tokens.add(made.stored)
  return made.token
}

function own(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function signIn(token: string, headers: Record<string, string> = {}): Promise<Told> {
  return ask('POST', '/session', { origin: own(), 'x-token': token, ...headers })
}

async function session(
  name: string,
  role: Role,
): Promise<{ cookie: string; csrf: string; origin: string }> {
  const told = await signIn(await add(name, role))
  return { cookie: told.cookie!.split(';')[0]!, csrf: told.actor!.csrf!, origin: own() }
}

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Told> {
  const request = send(`${own()}${path}`, { method, headers, agent: false })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? { status: response.statusCode! } : (JSON.parse(text) as Told)
}
