import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request as send } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../../test/balancers/free-port.ts'
import { until } from '../../../../test/balancers/until.ts'
import { programs } from '../../../../test/debian-packages.ts'
import { createAccess, createToken } from '../../src/index.ts'
import { openWorld, type World } from '../server/console-world.ts'

const [nginx] = (await programs({ command: 'nginx', package: 'nginx' })) ?? []
const certificate = fileURLToPath(
  new URL('../../../routers/node/test/fixtures/localhost-a', import.meta.url),
)
const outside = 'deploys.example.com'
const made = createToken({ name: 'vera', role: 'operator' })

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly response: IncomingMessage
}

describe.skipIf(nginx === undefined)('Behind nginx, which ends TLS', () => {
  let folder: string
  let world: World
  let stop: () => Promise<void>
  /** As nginx passes it on, and with a host of its own. */
  let ports: readonly [number, number]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'changeover-proxy-'))
    const access = createAccess({
      tokens: { list: () => [made.stored], close: () => Promise.resolve() },
      origins: [`https://${outside}`],
      addressOf: (request) => String(request.headers['x-real-ip']),
    })
    world = await openWorld({ access })
    ports = [await freePort(), await freePort()]
    stop = await startNginx(folder, world.url, ports)
  })
  afterAll(async () => {
    await stop?.()
    await world?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([0, 1])(
    'a browser signs in over TLS alone, steers, and watches, whatever host nginx passes on (%i)',
    async (n) => {
      const port = ports[n]!
      const body = JSON.stringify({ token: made.token })
      const signedIn = await ask(port, 'POST', '/api/v1/session', {}, body)
      expect(signedIn.status).toBe(200)
      const [cookie] = signedIn.headers['set-cookie']!
      expect(cookie).toMatch(/^__Host-changeover=.*; Secure$/)
      const { csrf } = JSON.parse(await textOf(signedIn.response)) as { csrf: string }
      const session = { cookie: cookie!.split(';')[0]!, 'x-changeover-csrf': csrf }
      const deploy = JSON.stringify({ id: `d${n}`, version: `${n}`, supersede: true })
      const deployed = await ask(port, 'POST', '/api/v1/services/shop/deploy', session, deploy)
      expect(deployed.status).toBe(201)
      const { response } = await ask(port, 'GET', '/api/v1/events', session)
      let told = ''
      for await (const chunk of response) {
        told += String(chunk)
        if (told.includes('event: services')) break
      }
      expect(told).toContain('"shop"')
    },
  )

  it('the audit log has the address that nginx saw, and no made-up one', async () => {
    await ask(
      ports[0],
      'POST',
      '/api/v1/session',
      { 'x-real-ip': '1.2.3.4' },
      JSON.stringify({ token: made.token }),
    )
    expect(world.audit.at(-1)).toMatchObject({ action: 'sign-in', from: '127.0.0.1' })
  })

  it('another page and another name are refused all the same', async () => {
    const origin = 'https://evil.net'
    expect((await ask(ports[0], 'GET', '/api/v1/services', { origin })).status).toBe(403)
    expect((await ask(ports[1], 'GET', '/api/v1/services', { origin })).status).toBe(403)
    const host = 'evil.net'
    expect((await ask(ports[0], 'GET', '/api/v1/services', { host })).status).toBe(421)
  })
})

async function ask(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Reply> {
  const all = {
    host: outside,
    ...(method === 'POST'
      ? { origin: `https://${outside}`, 'content-type': 'application/json' }
      : {}),
    ...headers,
  }
  const options = { host: '127.0.0.1', port, method, path, headers: all, agent: false }
  const request = send({ ...options, rejectUnauthorized: false }).end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, headers: response.headers, response }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Passes the host on at the first port, and says its own at the second. */
async function startNginx(
  folder: string,
  console: string,
  [first, second]: readonly [number, number],
): Promise<() => Promise<void>> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join('\n')
  const server = (port: number, more: string): string => `server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate}.pem;
    ssl_certificate_key ${certificate}-key.pem;
    location / {
      proxy_pass ${console};
      proxy_http_version 1.1;
      proxy_set_header X-Real-IP $remote_addr;
      ${more}
    }
  }`
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${user} daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
    events {}
    http { access_log off; ${temporary}
      ${server(first, 'proxy_set_header Host $host;')}
      ${server(second, '')}
    }`,
  )
  const child = spawn(nginx!, ['-c', join(folder, 'nginx.conf'), '-p', folder], {
    stdio: 'inherit',
  })
  const exited = once(child, 'exit')
  await until(async () => {
    const answered = await ask(second, 'GET', '/', {}).catch(() => undefined)
    return answered !== undefined
  })
  return async () => {
    child.kill('SIGTERM')
    await exited
  }
}
