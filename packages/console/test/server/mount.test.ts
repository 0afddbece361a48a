import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { memoryStore, type Store } from '@changeover/engine'
import { afterEach, describe, expect, it } from 'vitest'
import { mountedAt } from '../../src/http/mount.ts'
import { problemOf } from '../../src/http/problem.ts'
import { scriptJson } from '../../src/site/page-text.ts'
import { siteServer } from '../../src/site/site-server.ts'
import type { Actor } from '../../src/access/access.ts'
import { openWorld } from './console-world.ts'

const HEADERS = {
  'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'"),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

interface Express {
  (): Express
  use(path: string, handler: unknown): void
  use(handler: unknown): void
  get(
    path: string,
    handler: (request: unknown, response: { send(text: string): void }) => void,
  ): void
  json(): unknown
}

describe("In a server of one's own", () => {
  it('answers below its path, and leaves the rest to node:http', async () => {
    await using world = await openWorld({
      basePath: '/deploys',
      mount: (console) => (request, response) =>
        console.handler(request, response, () => response.end('mine')),
    })
    expect((await world.ask('/')).text).toBe('mine')
    expect((await world.ask('/deploysx')).text).toBe('mine')
    const me = await world.ask('/deploys/api/v1/me', { as: 'viewer' })
    expect(me.json).toMatchObject({ name: 'the-viewer' })
    expect((await world.ask('/api/v1/me', { as: 'viewer' })).text).toBe('mine')
  })

  it('answers 404 with a code elsewhere, where nobody else does', async () => {
    await using world = await openWorld({ basePath: '/deploys' })
    expect(await world.ask('/other')).toMatchObject({
      status: 404,
      json: { error: { code: 'CHANGEOVER_CONSOLE_NOT_FOUND' } },
    })
  })

  it.each([undefined, '/deploys'])(
    'answers in Express, told its path or not (%s)',
    async (basePath) => {
      const express: Express = createRequire(new URL('../../../lifecycle/', import.meta.url))(
        'express',
      )
      await using world = await openWorld({
        ...(basePath === undefined ? {} : { basePath }),
        mount(console) {
          const app = express()
          // Reads bodies before the console can.
          app.use(express.json())
          app.use('/deploys', console.handler)
          app.get('/hello', (_, response) => response.send('mine'))
          return app
        },
      })
      expect((await world.ask('/hello')).text).toBe('mine')
      const body = { id: 'd1', version: 'v1' }
      const deploy = { method: 'POST', as: 'operator', body } as const
      expect((await world.ask('/deploys/api/v1/services/shop/deploy', deploy)).status).toBe(201)
      expect((await world.ask('/deploys/api/v1/nothing')).json.error.code).toBe(
        'CHANGEOVER_CONSOLE_NOT_FOUND',
      )
    },
  )

  it('sends the same headers of security with every answer', async () => {
    await using world = await openWorld()
    const asked = [
      '/',
      '/api/v1/me',
      '/api/v1/nothing',
      '/nothing',
      '/assets/x.js',
      '/services/shop',
    ]
    for (const path of asked)
      expect(Object.fromEntries((await world.ask(path)).headers)).toMatchObject(HEADERS)
  })
})

describe('The page', () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const one of undo.splice(0)) await one()
  })

  const actor: Actor = { name: 'ann', role: 'viewer', via: 'session', csrf: 'c', from: '1.2.3.4' }

  /** A server of a built page, with a file beside it that nobody may have. */
  async function serve(who?: Actor, store: Store = memoryStore()): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'console-page-'))
    undo.push(() => rm(root, { recursive: true }))
    const page = join(root, 'page')
    await mkdir(join(page, 'assets'), { recursive: true })
    const index =
      '<html><script type="application/json" id="initial">__INITIAL__</script><script type="module" src="/__BASE__/assets/a-1.js"></script></html>'
    await writeFile(join(root, 'secret.js'), 'secret')
    await writeFile(join(page, 'index.html'), index)
    await writeFile(join(page, '.inputs'), 'secret')
    for (const name of ['a-1.js', 'a-1.css']) await writeFile(join(page, 'assets', name), 'plain')
    await writeFile(join(page, 'assets/a-1.js.br'), 'br')
    await writeFile(join(page, 'assets/a-1.js.gz'), 'gz')
    const answer = siteServer({
      directory: pathToFileURL(`${page}/`),
      services: {
        store,
        router: undefined,
        services: () => [{ name: '</script>$&', replicas: 1 }],
      },
      problemOf: (error) => problemOf(error, String),
    })
    const server = createServer((request, response) => {
      const mounted = mountedAt(request, '/base')
      if (mounted) void answer({ request, response, admit: () => who, ...mounted })
      else response.end('elsewhere')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undo.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each([
    '/base',
    '/base/',
    '/base/services/shop',
    '/base/services/a%2Fb.c',
    '/base/rollouts/r1',
    '/base/audit',
  ])('is sent for %s, and is never kept', async (path) => {
    const response = await fetch(`${await serve()}${path}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const text = await response.text()
    expect(text).toContain('src="/base/assets/a-1.js"')
    expect(text).toContain('id="initial">{"basePath":"/base"}</script>')
  })

  it('shows somebody who is signed in what there is at once, in words that end no script', async () => {
    const text = await (await fetch(`${await serve(actor)}/base/`)).text()
    const initial = /id="initial">(.*?)<\/script>/.exec(text)?.[1] ?? ''
    expect(JSON.parse(initial)).toEqual({
      basePath: '/base',
      actor: { name: 'ann', role: 'viewer', via: 'session', csrf: 'c' },
      services: [{ name: '</script>$&', rollbackTo: [] }],
    })
  })

  it('has assets that are kept for ever, in the coding that the browser takes', async () => {
    const url = `${await serve()}/base/assets/a-1.js`
    const sent = async (coding: string): Promise<unknown[]> => {
      const { headers } = await ask(url, { 'accept-encoding': coding })
      const { 'content-encoding': encoding, 'content-length': length } = headers
      return [encoding, length, headers['content-type'], headers['cache-control']]
    }
    const forever = ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable']
    expect(await sent('gzip, deflate, br')).toEqual(['br', '2', ...forever])
    expect(await sent('gzip')).toEqual(['gzip', '2', ...forever])
    expect(await sent('br;q=0, identity')).toEqual([undefined, '5', ...forever])
  })

  it.each([
    '/base/../secret.js',
    '/base/assets/../../secret.js',
    '/base/assets/%2e%2e/%2e%2e/secret.js',
    '/base/..%2fsecret.js',
    '/base/.inputs',
    '/base/index.html.br',
    '/base/assets/',
    '/base/assets/a-1.js.br',
    '/base/favicon.ico',
  ])('leads nowhere else: %s', async (path) => {
    const { statusCode, text } = await ask(await serve(), {}, path)
    expect([statusCode, text.includes('secret')]).toEqual([404, false])
  })

  it('that was not built is said to be missing', async () => {
    const answer = siteServer({
      directory: new URL('file:///nowhere/'),
      services: { store: memoryStore(), router: undefined, services: () => [] },
      problemOf: (error) => problemOf(error, String),
    })
    const server = createServer((request, response) => {
      void answer({
        request,
        response,
        admit: () => undefined,
        basePath: '',
        path: '/',
        search: '',
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undo.push(() => server.close())
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining('not built'),
    ])
  })

  it('holds data that is the same after JSON has read it', () => {
    const value = { a: '</script><!--', b: '\u2028\u2029&', c: [1, null] }
    expect(scriptJson(value)).not.toMatch(/[<>&\u2028\u2029]/)
    expect(JSON.parse(scriptJson(value))).toEqual(value)
  })
})

/** Asks for exactly this path, which fetch would tidy up, and takes the answer as it is. */
async function ask(
  url: string,
  headers: Record<string, string>,
  path = new URL(url).pathname,
): Promise<{ statusCode: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const { port } = new URL(url)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, resolve).once('error', reject)
  })
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { statusCode: response.statusCode, headers: response.headers, text }
}
