import { request } from 'node:http'
import { connect } from 'node:net'
import { paths } from '@changeover/console/api'
import {
  createEngine,
  memoryFleet,
  memoryRouter,
  memoryStore,
  refuse,
  type Router,
} from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { createConsole } from '@changeover/console'
import { readJson } from '../../src/http/body.ts'
import { mountedAt } from '../../src/http/mount.ts'
import { problemOf } from '../../src/http/problem.ts'
import { createRefusalThrottle } from '../../src/http/refusal-throttle.ts'
import { routeTable } from '../../src/http/route-table.ts'
import type { ConsoleParts } from '../../src/routes/console-parts.ts'
import { endpointsOf } from '../../src/routes/endpoints.ts'
import { createReplays } from '../../src/routes/replays.ts'
import { gated, openWorld, SECRET } from './console-world.ts'

describe('A request', () => {
  it('with another method is told which ones there are', async () => {
    await using world = await openWorld()
    const put = await world.ask('/api/v1/services', { as: 'operator', method: 'PUT' })
    expect(put).toMatchObject({
      status: 405,
      json: { error: { code: 'CHANGEOVER_CONSOLE_METHOD' } },
    })
    expect(put.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    const options = await world.ask('/api/v1/session', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, DELETE, OPTIONS'])
    expect(options.headers.get('access-control-allow-origin')).toBeNull()
    expect((await world.ask('/', { method: 'POST' })).status).toBe(405)
  })

  it('for the head alone is answered without a body, streams included', async () => {
    await using world = await openWorld()
    for (const path of ['/api/v1/services', '/api/v1/events']) {
      const head = await world.ask(path, { as: 'viewer', method: 'HEAD' })
      expect([head.status, head.text]).toEqual([200, ''])
    }
  })

  it.each([
    ['/api/v1/nothing', 404],
    ['/api/v1/services/', 404],
    ['/api/v1/services/shop/releases/v1', 404],
    ['/api/v1/services/nobody', 404],
    ['/api/v1/services/..%2f..%2fetc', 404],
    ['/api/v1/services/%zz', 404],
    ['/api/v1/services/shop%00', 404],
    ['/api/v1/rollouts/nobody', 404],
    ['/api/v1/rollouts/nobody/journal', 404],
    ['/api/v1/rollouts/nobody/verify', 404],
    ['/api/v1/services/shop/releases/v1/migrations', 404],
    ['/api/v1/services/shop/instances/i1/logs', 501],
    ['/api/v1/agent', 501],
    ['/api/v1/services?x=1', 400],
    ['/api/v1/audit?limit=0', 400],
    ['/api/v1/audit?limit=1&limit=2', 400],
    ['/api/v1/audit?before=-1', 400],
  ])('for %s is answered with %i and a code', async (path, status) => {
    await using world = await openWorld()
    const reply = await world.ask(path, { as: 'operator' })
    expect(reply.status).toBe(status)
    expect(reply.json.error.code).toMatch(/^CHANGEOVER_/)
  })

  it.each([
    ['no JSON', '{', 'application/json', 400],
    ['another type', '{}', 'text/plain', 415],
    ['a form', 'id=1', 'application/x-www-form-urlencoded', 415],
    ['an unknown field', '{"id":"a","version":"1","force":true}', 'application/json', 400],
    ['no id', '{"version":"1"}', 'application/json', 400],
    ['an id that is no word', '{"id":"a b","version":"1"}', 'application/json', 400],
    [
      'control characters',
      '{"id":"a","version":"1","reason":"x\\u001b[2J"}',
      'application/json',
      400,
    ],
    ['a prototype', '{"id":"a","version":"1","__proto__":{}}', 'application/json', 400],
    [
      'a prototype to fill in',
      '{"id":"a","version":"1","set":{"__proto__":"x"}}',
      'application/json',
      400,
    ],
    ['a list', '[]', 'application/json; charset=utf-8', 400],
    ['too much', JSON.stringify({ id: 'x'.repeat(70_000) }), 'application/json', 413],
  ])('that carries %s changes nothing', async (_, body, type, status) => {
    await using world = await openWorld()
    const response = await fetch(`${world.url}/api/v1/services/shop/deploy`, {
      method: 'POST',
      body,
      headers: { 'content-type': type, authorization: `Bearer ${world.tokens.operator}` },
    })
    expect([response.status, await world.store.rollouts()]).toEqual([status, []])
  })

  it('that never ends is cut off at the limit, though it names no length', async () => {
    await using world = await openWorld()
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        `${world.url}/api/v1/services/shop/deploy`,
        {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${world.tokens.operator}`,
          },
        },
        (response) => resolve(response.resume().statusCode),
      )
      sent.on('error', reject)
      for (let i = 0; i < 20; i += 1) sent.write('x'.repeat(8_000))
    })
    expect(status).toBe(413)
  })

  it('whose body does not come is given up', async () => {
    await using world = await openWorld({
      mount: () => (request, response) => {
        readJson(request, 50).catch((error: unknown) => {
          const { status, code } = problemOf(error, String)
          response.writeHead(status, { connection: 'close' }).end(code)
        })
      },
    })
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
    socket.write(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    )
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1.1 408 .*CHANGEOVER_CONSOLE_BODY_TIMEOUT/s)
  })

  it("over the agent's socket is one of an operator, by the name that it gives", async () => {
    await using world = await openWorld({ mount: (console) => console.localHandler })
    const deploy = { id: 'd1', version: 'v1' }
    const { json } = await world.ask('/api/v1/services/shop/deploy', {
      method: 'POST',
      body: deploy,
      headers: { 'x-changeover-actor': 'ann' },
    })
    expect(json.by).toBe('ann')
    expect((await world.ask('/api/v1/me')).json).toEqual({
      name: 'local',
      role: 'operator',
      via: 'socket',
    })
    expect(world.audit).toMatchObject([{ actor: 'ann', via: 'socket', action: 'deploy' }])
  })
})

describe('The journal', () => {
  it('comes page by page and without specs, and is verified by the server', async () => {
    await using world = await openWorld()
    const body = { id: 'd1', version: 'v1' }
    const { id } = (
      await world.ask('/api/v1/services/shop/deploy', { method: 'POST', as: 'operator', body })
    ).json
    await (await world.engine.rollout(id)).promote({ by: 'ann' })
    await (
      await world.engine.rollout(id)
    ).finished
    const seqs: number[] = []
    for (let after: number | undefined = -1; after !== undefined;) {
      const page = await world.ask(`/api/v1/rollouts/${id}/journal?limit=5&after=${after}`, {
        as: 'viewer',
      })
      expect(page.text).not.toContain(SECRET)
      seqs.push(...page.json.entries.map(({ seq }: { seq: number }) => seq))
      after = page.json.next
    }
    expect(seqs).toEqual(seqs.map((_, i) => i))
    const verified = await world.ask(`/api/v1/rollouts/${id}/verify`, { as: 'viewer' })
    expect(verified.json).toEqual({ rollout: id, ok: true, entries: seqs.length })
    const instances = await world.ask(`/api/v1/rollouts/${id}/instances`, { as: 'viewer' })
    expect(instances.json.map(({ phase }: { phase: string }) => phase)).toEqual([
      'available',
      'available',
    ])
  })
})

describe('Closing', () => {
  it('waits for a command under way, and answers it', async () => {
    let go: () => void = () => undefined
    let asked: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      go = resolve
    })
    const begun = new Promise<void>((resolve) => {
      asked = resolve
    })
    await using world = await openWorld({
      async deploys(service, { version: id }) {
        asked()
        await waiting
        return { service, release: { id, version: id, spec: null }, replicas: 1, strategy: gated }
      },
    })
    const body = { id: 'd1', version: 'v1' }
    const deploy = { method: 'POST', as: 'operator', body } as const
    const answer = world.ask('/api/v1/services/shop/deploy', deploy)
    await begun
    let closed = false
    const closing = world.console.close().then(() => {
      closed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(false)
    go()
    expect((await answer).status).toBe(201)
    await closing
  })
})

describe('A router that cannot be asked', () => {
  it.each([
    ['refuses', () => Promise.reject(new Error('gone'))],
    ['does not answer', () => new Promise<never>(() => undefined)],
  ])('since it %s keeps nobody from seeing the rest', async (_, observe) => {
    let silent = false
    const sound = memoryRouter()
    const router: Router = {
      ...sound,
      observe: (...call) => (silent ? observe() : sound.observe(...call)),
    }
    await using world = await openWorld({ router })
    const body = { id: 'd1', version: 'v1' }
    const deploy = { method: 'POST', as: 'operator', body } as const
    const { id } = (await world.ask('/api/v1/services/shop/deploy', deploy)).json
    await (await world.engine.rollout(id)).promote({ by: 'ann' })
    await (
      await world.engine.rollout(id)
    ).finished
    silent = true
    const [shop] = (await world.ask('/api/v1/services', { as: 'viewer' })).json
    expect(shop.current.id).toBe('v1')
    expect(shop).not.toHaveProperty('pools')
  })
})

describe('An agent behind the console', () => {
  it('is described, reloaded and asked for logs', async () => {
    const view = { version: '1', pid: 1, state: 'active' }
    const reloaded = refuse('CHANGEOVER_OPTION_INVALID', { field: 'x' })
    await using world = await openWorld({
      agent: {
        describe: () => view as never,
        reload: () => Promise.reject(reloaded),
        logs: (...asked) => Promise.resolve(asked.join(' ')),
      },
      migrations: async (_, release) =>
        release === 'v1'
          ? { release, verdict: 'safe', findings: [], pointOfNoReturn: undefined }
          : undefined,
    })
    const { ask } = world
    expect((await ask(paths.agent, { as: 'viewer' })).json).toEqual(view)
    expect((await ask(paths.reload, { as: 'approver', method: 'POST' })).status).toBe(403)
    expect((await ask(paths.reload, { as: 'operator', method: 'POST' })).status).toBe(422)
    const logs = await ask(`${paths.logs('shop', 'i1')}?lines=7`, { as: 'viewer' })
    expect([logs.text, logs.headers.get('content-type')]).toEqual([
      'shop i1 7',
      'text/plain; charset=utf-8',
    ])
    expect((await ask(paths.migrations('shop', 'v1'), { as: 'viewer' })).json.verdict).toBe('safe')
  })
})

describe('The route table', () => {
  const table = routeTable(endpointsOf({} as ConsoleParts))

  it('has every path that clients are told, under its name', () => {
    const named = [
      paths.agent,
      paths.me,
      paths.audit,
      paths.auditVerify,
      paths.events,
      paths.services,
      paths.service('a'),
      paths.history('a'),
      paths.migrations('a', 'b'),
      paths.logs('a', 'b'),
      paths.rollout('a'),
      paths.instances('a'),
      paths.journal('a'),
      paths.verify('a'),
      paths.rolloutEvents('a'),
    ]
    for (const path of named) expect(table.match('GET', path).endpoint.method).toBe('GET')
    const posted = [
      paths.reload,
      paths.session,
      paths.plan('a'),
      paths.deploy('a'),
      paths.rollback('a'),
      paths.rollbackPlan('a'),
      paths.command('a', 'approve'),
      paths.command('a', 'pause'),
      paths.command('a', 'resume'),
      paths.command('a', 'promote'),
      paths.command('a', 'abort'),
      paths.command('a', 'rollback'),
    ]
    for (const path of posted) expect(table.match('POST', path).endpoint.method).toBe('POST')
    expect(endpointsOf({} as ConsoleParts)).toHaveLength(named.length + posted.length + 1)
  })

  it('hands names on as they were meant', () => {
    expect(table.match('GET', paths.migrations('shop.eu', 'v1~2')).params).toEqual({
      service: 'shop.eu',
      release: 'v1~2',
    })
  })
})

describe('Where the console is mounted', () => {
  it.each([
    ['/deploys/api/v1/me?x=1', '/deploys', { path: '/api/v1/me', search: '?x=1' }],
    ['/deploys', '/deploys', { path: '/', search: '' }],
    ['/any', undefined, { path: '/any' }],
  ])('%s is below %s', (url, basePath, expected) => {
    expect(mountedAt({ url }, basePath)).toMatchObject(expected)
  })

  it.each(['/deploysx', '/other', '/', '/x/deploys'])('%s is not below /deploys', (url) => {
    expect(mountedAt({ url }, '/deploys')).toBeUndefined()
  })

  it('is told by frameworks that cut the path', () => {
    const request = { url: '/api/v1/me', originalUrl: '/deploys/api/v1/me', baseUrl: '/deploys' }
    const mounted = { basePath: '/deploys', path: '/api/v1/me', search: '' }
    expect(mountedAt(request, undefined)).toEqual(mounted)
    expect(mountedAt(request, '/deploys')).toEqual(mounted)
  })
})

describe('Requests of nobody', () => {
  it('are counted by address, and recorded once a minute with how many there were', () => {
    const throttle = createRefusalThrottle()
    expect(throttle.count('a', 0)).toEqual({ unrecorded: 0 })
    expect(throttle.count('a', 59_999)).toBeUndefined()
    expect(throttle.count('b', 59_999)).toEqual({ unrecorded: 0 })
    expect(throttle.count('a', 60_000)).toEqual({ unrecorded: 1 })
  })

  it('are forgotten where addresses are too many to remember', () => {
    const throttle = createRefusalThrottle()
    throttle.count('first', 0)
    for (let i = 0; i < 10_000; i += 1) throttle.count(String(i), 0)
    expect(throttle.count('first', 1)).toEqual({ unrecorded: 0 })
    expect(throttle.count('9999', 1)).toBeUndefined()
  })
})

describe('Ids of commands', () => {
  it('are forgotten after ten thousand others', async () => {
    const { once } = createReplays(async () => [])
    await once('first', async () => undefined)
    for (let i = 0; i < 9_999; i += 1) await once(String(i), async () => undefined)
    await expect(once('first', async () => undefined)).rejects.toThrow('used before')
    await once('one more', async () => undefined)
    expect(await once('first', async () => 'again')).toBe('again')
  })
})

describe('The options', () => {
  const store = memoryStore()
  const router = memoryRouter()
  const engine = createEngine({ store, router, fleet: memoryFleet() })
  const access = {
    admit: () => undefined,
    signIn: undefined as never,
    signOut: () => '',
    close: () => Promise.resolve(),
  }

  it.each([
    ['engine', { engine: {} }],
    ['access', { access: undefined }],
    ['basePath', { basePath: 'deploys/' }],
    ['maxWatchers', { maxWatchers: 0 }],
    ['services', { services: [] }],
    ['color', { color: 'red' }],
  ])('with a mistake in %s are refused by name', (field, wrong) => {
    const options = { engine, store, access: { ...access, signIn: () => undefined as never } }
    expect(() => createConsole({ ...options, ...wrong } as never)).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        message: expect.stringContaining(`"${field}"`),
      }),
    )
  })
})
