import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../src/api/index.ts'
import type { Endpoint } from '../src/http/endpoint.ts'
import {
  createAccess,
  createToken,
  type FileAudit,
  fileAudit,
  type FileTokens,
  fileTokens,
} from '../src/index.ts'
import type { ConsoleParts } from '../src/routes/console-parts.ts'
import { endpointsOf } from '../src/routes/endpoints.ts'
import { openWorld, SECRET, type World } from './server/console-world.ts'

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly code: string | undefined
}

interface Asked {
  readonly as?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const outside = 'https://deploys.example.com'
const JSON_TYPE = { 'content-type': 'application/json' }
const endpoints: readonly Endpoint[] = endpointsOf({} as ConsoleParts)
const reads = endpoints.filter(({ method }) => method === 'GET')
const commands = endpoints.filter(
  ({ method, path }) => method === 'POST' && !path.endsWith('session'),
)

let folder: string
let world: World
let tokens: FileTokens
let audit: FileAudit
let logged: string[]
let token: Record<Role, string>
/** The id of a rollout that waits for an approval. */
let rollout: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'changeover-security-'))
  tokens = fileTokens({ path: join(folder, 'tokens.json') })
  audit = fileAudit({ path: join(folder, 'audit.jsonl') })
  logged = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const access = createAccess({ tokens, origins: [outside], logger })
  world = await openWorld({ access, audit, logger })
  token = {
    viewer: await add('the-viewer', 'viewer'),
    approver: await add('the-approver', 'approver'),
    operator: await add('the-operator', 'operator'),
  }
  rollout = await deployGated()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await audit.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('Every endpoint', () => {
  const approvers = new Set(['read', 'approve', 'abort'])

  it('is refused to nobody, and to a role that is too low', async () => {
    const found: Record<string, string[]> = {}
    const expected: Record<string, string[]> = {}
    for (const one of endpoints.filter(({ action }) => action !== undefined)) {
      const name = `${one.method} ${one.path}`
      const mayViewer = one.action === 'read'
      const mayApprover = approvers.has(String(one.action))
      expected[name] = ['401', mayViewer ? 'in' : '403', mayApprover ? 'in' : '403', 'in']
      found[name] = [
        await admitted(one, undefined),
        await admitted(one, token.viewer),
        await admitted(one, token.approver),
        await admitted(one, token.operator),
      ]
    }
    expect(found).toEqual(expected)
    expect(Object.keys(found).length).toBeGreaterThan(20)
  })

  it('refuses a token that is unknown', async () => {
    for (const one of endpoints.filter(({ action }) => action !== undefined))
      expect(await admitted(one, `${token.operator}x`)).toBe('401')
  })

  it('that changes something is for others than viewers, and nothing else is a POST', () => {
    const open = endpoints.filter(({ action }) => action === undefined)
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/session',
      'DELETE /api/v1/session',
    ])
    expect(commands.filter(({ action }) => action === 'read')).toEqual([])
    expect(reads.filter(({ action }) => action !== 'read')).toEqual([])
  })
})

describe('A request', () => {
  const places = endpoints.map((one) => [one.method, pathOf(one)] as const)

  it('from a page elsewhere is refused everywhere', async () => {
    const body = JSON.stringify({ token: token.operator })
    for (const [method, path] of [...places, ['GET', '/'] as const])
      for (const headers of [{ origin: 'https://evil.net' }, { 'sec-fetch-site': 'cross-site' }]) {
        const asked = { as: token.operator, headers: { ...JSON_TYPE, ...headers } }
        const reply = await ask(method, path, { ...asked, ...(method === 'POST' ? { body } : {}) })
        expect([method, path, reply.code]).toEqual([method, path, 'CHANGEOVER_CONSOLE_ORIGIN'])
        expect(reply.headers['set-cookie']).toBeUndefined()
      }
  })

  it('under a foreign name is refused everywhere', async () => {
    const body = JSON.stringify({ token: token.operator })
    for (const [method, path] of [
      ...places,
      ['GET', '/'] as const,
      ['GET', '/services/shop'] as const,
    ]) {
      const headers = { ...JSON_TYPE, host: 'rebound.evil.net' }
      const asked = { as: token.operator, headers }
      const reply = await ask(method, path, { ...asked, ...(method === 'POST' ? { body } : {}) })
      expect([method, path, reply.status]).toEqual([method, path, 421])
    }
  })

  it('of a browser changes something only with the token of its session', async () => {
    const { cookie, csrf } = await signIn(token.operator)
    const origin = world.url
    for (const one of commands) {
      const path = pathOf(one)
      const bare = await ask('POST', path, {
        headers: { cookie, origin, ...JSON_TYPE },
        body: '{}',
      })
      expect([path, bare.code]).toEqual([path, 'CHANGEOVER_CONSOLE_CSRF'])
      const headers = { cookie, origin, 'x-changeover-csrf': csrf, ...JSON_TYPE }
      const whole = await ask('POST', path, { headers, body: '{"unknown":1}' })
      expect([path, whole.code]).toEqual([path, expect.not.stringMatching(/CSRF|ORIGIN|UNAUTH/)])
    }
  })

  it('gives nobody another name by a header', async () => {
    const headers = { 'x-changeover-actor': 'root' }
    expect((await ask('GET', '/api/v1/me', { headers })).status).toBe(401)
    const me = await ask('GET', '/api/v1/me', { as: token.viewer, headers })
    expect(JSON.parse(me.text)).toMatchObject({ name: 'the-viewer', role: 'viewer', via: 'token' })
    await command('pause', { id: 'p1' }, headers)
    expect(await journalText()).not.toContain('root')
    expect((await audit.read({ limit: 1 }))[0]).toMatchObject({ actor: 'the-operator' })
  })

  it.each<[string, Asked, number]>([
    ['too large, as it says', { body: JSON.stringify({ id: 'x'.repeat(70_000) }) }, 413],
    [
      'too large, without saying so',
      { body: 'x'.repeat(70_000), headers: { 'transfer-encoding': 'chunked' } },
      413,
    ],
    ['of another type', { body: '{"id":"a"}', headers: { 'content-type': 'text/plain' } }, 415],
    [
      'a form',
      { body: 'id=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
    ],
    ['no JSON', { body: '{"id":' }, 400],
    ['nothing', { body: '' }, 400],
    ['null', { body: 'null' }, 400],
    ['a list', { body: '[]' }, 400],
    ['with a field too many', { body: '{"id":"a","by":"root"}' }, 400],
    ['with a prototype', { body: '{"id":"a","__proto__":{"by":"root"}}' }, 400],
    ['without an id', { body: '{}' }, 400],
  ])('that is malformed is refused, and changes nothing: %s', async (_, asked, status) => {
    const before = await journalText()
    for (const name of ['pause', 'abort', 'rollback', 'promote', 'approve']) {
      const path = `/api/v1/rollouts/${rollout}/${name}`
      const headers = { ...JSON_TYPE, ...asked.headers }
      const reply = await ask('POST', path, { ...asked, as: token.operator, headers })
      expect([reply.status, reply.code]).toEqual([status, expect.stringMatching(/^CHANGEOVER_/)])
    }
    expect(await journalText()).toBe(before)
  })

  it('is obeyed once', async () => {
    expect((await command('pause', { id: 'one' })).status).toBe(200)
    const before = await journalText()
    for (const name of ['pause', 'resume', 'abort', 'rollback'])
      expect((await command(name, { id: 'one' })).code).toBe('CHANGEOVER_CONSOLE_REPLAYED')
    expect(await journalText()).toBe(before)
  })
})

describe('An answer', () => {
  it('has every header that protects the page, whatever the answer', async () => {
    const as = token.operator
    const replies = [
      await ask('GET', '/api/v1/services', { as }),
      await ask('GET', '/api/v1/services', {}),
      await ask('POST', `/api/v1/agent/reload`, { as: token.viewer }),
      await ask('GET', '/api/v1/nothing', { as }),
      await ask('PUT', '/api/v1/services', { as }),
      await ask('OPTIONS', '/api/v1/services', {}),
      await ask('POST', '/api/v1/services/shop/deploy', {
        as,
        body: 'x'.repeat(70_000),
        headers: JSON_TYPE,
      }),
      await ask('POST', '/api/v1/services/shop/deploy', { as, body: 'a=b' }),
      await ask('GET', '/', {}),
      await ask('GET', '/assets/none.js', {}),
      await ask('GET', '/../../etc/passwd', {}),
      await ask('GET', '/%2e%2e/%2e%2e/etc/passwd', {}),
    ]
    expect(new Set(replies.map(({ status }) => status)).size).toBeGreaterThan(6)
    for (const { headers } of replies) {
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      )
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers['cache-control']).toBe('no-store')
      const telling = Object.keys(headers).filter((name) =>
        /^(?:access-control-|server$|x-powered-by$)/.test(name),
      )
      expect(telling).toEqual([])
    }
  })

  it('shows no secret to anybody', async () => {
    const { cookie, csrf } = await signIn(token.operator)
    const id = cookie.split('=')[1]!
    const texts: string[] = []
    for (const one of reads) {
      if (one.path.endsWith('events')) continue
      const reply = await ask('GET', pathOf(one), { as: token.operator })
      texts.push(reply.text, JSON.stringify(reply.headers))
    }
    const deploy = JSON.stringify({ id: 'd9', version: '9', set: {} })
    const asked = { as: token.operator, headers: JSON_TYPE, body: deploy }
    texts.push((await ask('POST', '/api/v1/services/shop/plan', asked)).text)
    const shown = (await ask('GET', '/', { headers: { cookie } })).text
    texts.push(shown)
    await ask('GET', '/api/v1/me', { as: `${token.operator}x` })
    texts.push((await command('abort', { id: 'a9', reason: 'enough' })).text)
    texts.push(await streamUntilEnd(`/api/v1/rollouts/${rollout}/events`))
    texts.push((await ask('GET', `/api/v1/rollouts/${rollout}/journal`, { as: token.viewer })).text)
    const whole = [...texts, ...logged, readFileSync(join(folder, 'audit.jsonl'), 'utf8')].join(
      '\n',
    )
    expect(whole).toContain('enough')
    expect(whole.length).toBeGreaterThan(10_000)
    const secrets = { SECRET, id, ...token }
    expect(Object.entries(secrets).filter(([, secret]) => whole.includes(secret))).toEqual([])
    // The page of a session is the one place that knows its token.
    expect(whole.replace(shown, '').includes(csrf)).toBe(false)
    const hashes = readFileSync(join(folder, 'tokens.json'), 'utf8').match(/[0-9a-f]{64}/g) ?? []
    expect(hashes).toHaveLength(3)
    for (const hash of hashes) expect(whole.includes(hash)).toBe(false)
  })
})

describe('A session', () => {
  it('is a cookie that no script, no other site and nobody on the wire gets', async () => {
    const body = JSON.stringify({ token: token.viewer })
    const here = { headers: { ...JSON_TYPE, origin: world.url }, body }
    const plain = await ask('POST', '/api/v1/session', here)
    expect(plain.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^changeover=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
      ),
    ])
    const there = { ...JSON_TYPE, origin: outside, host: 'deploys.example.com' }
    const secure = await ask('POST', '/api/v1/session', { headers: there, body })
    expect(secure.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-changeover=[\w-]{43}; Path=\/;.*; SameSite=Strict;.*; Secure$/,
      ),
    ])
  })

  it('is limited in its tries, and tells when to come back', async () => {
    const trial = (n: number): Promise<Reply> =>
      ask('POST', '/api/v1/session', {
        headers: JSON_TYPE,
        body: JSON.stringify({ token: `co_${n}` }),
      })
    const codes = []
    for (let n = 0; n < 12; n += 1) codes.push((await trial(n)).status)
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect((await trial(99)).headers['retry-after']).toMatch(/^[1-6]$/)
  })
})

describe('The audit log', () => {
  it('has every command and refusal with who it was, and nobody only now and then', async () => {
    await command('pause', { id: 'p1', reason: 'lunch' })
    await ask('POST', '/api/v1/services/shop/deploy', {
      as: token.viewer,
      headers: JSON_TYPE,
      body: JSON.stringify({ id: 'd2', version: '2' }),
    })
    for (let n = 0; n < 20; n += 1) await ask('GET', '/api/v1/services', {})
    await signIn(token.approver)
    const told = (await audit.read({ limit: 100 })).map(
      ({ actor, action, target, outcome, code, reason }) =>
        [actor, action, target, outcome, code ?? reason].join(' '),
    )
    expect(told.toReversed()).toEqual([
      'the-operator deploy shop accepted ',
      `the-operator pause ${rollout} accepted lunch`,
      'the-viewer deploy shop refused CHANGEOVER_CONSOLE_ROLE',
      'nobody GET /api/v1/services  refused CHANGEOVER_CONSOLE_UNAUTHENTICATED',
      'the-approver sign-in  accepted ',
    ])
    expect(await audit.verify()).toMatchObject({ ok: true })
  })

  it('cannot be filled by nobody who signs out of nothing', async () => {
    for (let n = 0; n < 20; n += 1)
      expect((await ask('DELETE', '/api/v1/session', {})).status).toBe(204)
    const { cookie, csrf } = await signIn(token.viewer)
    const headers = { cookie, origin: world.url, 'x-changeover-csrf': csrf }
    await ask('DELETE', '/api/v1/session', { headers })
    const told = (await audit.read({ limit: 100 })).map(({ actor, action }) => `${actor} ${action}`)
    expect(told).toEqual(['the-viewer sign-out', 'the-viewer sign-in', 'the-operator deploy'])
  })
})

describe('A stream', () => {
  it('ends when the token behind it is revoked', async () => {
    const paths = ['/api/v1/events', `/api/v1/rollouts/${rollout}/events`]
    const streams = await Promise.all(paths.map(openStream))
    expect(streams.map((stream) => stream.statusCode)).toEqual([200, 200])
    const ended = Promise.all(streams.map((stream) => textOf(stream).catch(String)))
    await tokens.revoke('the-viewer')
    expect(await ended).toEqual(['Error: aborted', 'Error: aborted'])
  })

  it('goes on for those who may', async () => {
    const stream = await openStream('/api/v1/events')
    const [first] = (await once(stream, 'data')) as [Buffer]
    expect(first.toString()).toContain('retry')
    // Longer than the time between two looks.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(stream.closed).toBe(false)
    stream.destroy()
  })
})

describe("The agent's socket", () => {
  it('makes everybody an operator under the name that they give, and that name is checked', async () => {
    const socketPath = join(folder, 'agent.sock')
    const { console } = world
    const server = createServer((request, response) => console.localHandler(request, response))
    server.listen(socketPath)
    await once(server, 'listening')
    const path = '/api/v1/me'
    const named = (name: string): Promise<Reply> =>
      exchange({ socketPath, path, headers: { 'x-changeover-actor': name } })
    expect(JSON.parse((await named('alice')).text)).toMatchObject({
      name: 'alice',
      role: 'operator',
    })
    expect(JSON.parse((await exchange({ socketPath, path })).text)).toMatchObject({ name: 'local' })
    for (const name of ['a b', '<script>', 'x'.repeat(65), ''])
      expect((await named(name)).code).toBe('CHANGEOVER_CONSOLE_ACTOR_INVALID')
    server.closeAllConnections()
    server.close()
  })
})

async function add(name: string, role: Role): Promise<string> {
  const made = createToken({ name, role })
  await tokens.add(made.stored)
  return made.token
}

/** A second release that waits for its approval, on top of one that serves. */
async function deployGated(): Promise<string> {
  const body = JSON.stringify({ id: 'd1', version: '1' })
  const asked = { as: token.operator, headers: JSON_TYPE, body }
  const reply = await ask('POST', '/api/v1/services/shop/deploy', asked)
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)])
  return (JSON.parse(reply.text) as { id: string }).id
}

/** Whether somebody gets past the door: what comes behind it may refuse all the same. */
async function admitted(one: Endpoint, as: string | undefined): Promise<string> {
  // A field that no endpoint knows: none of them does anything.
  const asked = { headers: JSON_TYPE, ...(as === undefined ? {} : { as }) }
  const body = one.method === 'POST' ? { body: '{"unknown":1}' } : {}
  const reply = await ask(one.method, `${pathOf(one)}?unknown=1`, { ...asked, ...body })
  if (reply.code === 'CHANGEOVER_CONSOLE_ROLE') return '403'
  return reply.status === 401 ? '401' : 'in'
}

function pathOf({ path }: Endpoint): string {
  return path
    .replace(':service', 'shop')
    .replace(':rollout', rollout ?? 'none')
    .replace(':release', '1')
    .replace(':instance', 'i-1')
}

function command(name: string, body: object, headers = {}): Promise<Reply> {
  return ask('POST', `/api/v1/rollouts/${rollout}/${name}`, {
    as: token.operator,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  })
}

async function signIn(secret: string): Promise<{ cookie: string; csrf: string }> {
  const body = JSON.stringify({ token: secret })
  const headers = { ...JSON_TYPE, origin: world.url }
  const reply = await ask('POST', '/api/v1/session', { headers, body })
  const cookie = reply.headers['set-cookie']![0]!.split(';')[0]!
  return { cookie, csrf: (JSON.parse(reply.text) as { csrf: string }).csrf }
}

async function journalText(): Promise<string> {
  const lines: string[] = []
  for await (const entry of world.store.read(rollout))
    if (entry.type === 'commanded') lines.push(JSON.stringify(entry))
  return lines.join('\n')
}

async function openStream(path: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(world.url)
  const headers = { authorization: `Bearer ${token.viewer}` }
  const request = send({ host: hostname, port, path, headers, agent: false }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

async function streamUntilEnd(path: string): Promise<string> {
  return textOf(await openStream(path))
}

function ask(method: string, path: string, { as, body, headers = {} }: Asked): Promise<Reply> {
  const { hostname, port } = new URL(world.url)
  const authorization = as === undefined ? {} : { authorization: `Bearer ${as}` }
  return exchange(
    { host: hostname, port, method, path, headers: { ...authorization, ...headers } },
    body,
  )
}

async function exchange(options: object, body?: string): Promise<Reply> {
  const request = send({ ...options, agent: false })
  // A refusal may come before the whole body is sent.
  request.on('error', () => undefined)
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const text = await textOf(response)
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return { status: response.statusCode!, headers: response.headers, text, code }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
