import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouterDeviations } from '@changeover/testing'
import { type CaddyRouter, caddyRouter, type CaddyRouterOptions } from '@changeover/router-caddy'
import { freePort } from '../balancers/free-port.ts'
import { type ProxyProcess, proxyProcess } from '../balancers/proxy-process.ts'
import { until } from '../balancers/until.ts'
import { programs } from '../debian-packages.ts'
import { type AdminGate, adminGate } from './caddy-gate.ts'
import type { RouterSetup, RouterUnderTest } from './router-under-test.ts'

/** How the Caddy under test is set up. */
export interface CaddySetup extends RouterSetup {
  /** Whether it starts again with what it was told last. @default false */
  readonly resume?: boolean
  /** Whether the adapter makes its route, as beside a Caddyfile, which knows no `@id`. @default false */
  readonly create?: boolean
}

/** A Caddy with other sites beside the service. */
export interface CaddyUnderTest extends RouterUnderTest {
  readonly router: CaddyRouter
  readonly attach: () => Promise<CaddyRouter>
  /** A call of Caddy's own admin endpoint, past everything between. */
  readonly admin: (method: string, path: string, body?: unknown) => Promise<AdminAnswer>
  readonly gate: AdminGate
  readonly log: () => string
}

export interface AdminAnswer {
  readonly status: number
  readonly body: string
}

/** Starts one; undefined where there is no Caddy here. */
export async function caddyUnderTest(setup: CaddySetup = {}): Promise<CaddyUnderTest | undefined> {
  const [command] = (await programs({ command: 'caddy', package: 'caddy' })) ?? []
  if (command === undefined) return undefined
  const { service = 'shop', resume = false, create = false } = setup
  const directory = await mkdtemp(join(tmpdir(), 'changeover-caddy-'))
  const [port, blogPort] = [await freePort(), await freePort()]
  const site: Site = { service, directory, port, blogPort, create }
  await writeFile(authority(site), '')
  let running: ProxyProcess | undefined = await start(command, site, resume)
  const gate = await adminGate(join(directory, 'gate'), socket(site))
  const options: CaddyRouterOptions = {
    admin: `unix:${join(directory, 'gate')}`,
    services: {
      [service]: {
        url: `http://127.0.0.1:${port}`,
        ...(create ? { create: { server: 'shops', hosts: ['127.0.0.1'] } } : {}),
      },
    },
    watchEvery: 50,
  }
  const routers: CaddyRouter[] = []
  const attach = async (): Promise<CaddyRouter> => {
    const router = caddyRouter(options)
    routers.push(router)
    return router
  }
  const admin: CaddyUnderTest['admin'] = (method, path, body) =>
    call(socket(site), method, path, body)
  const stop = async (): Promise<void> => {
    await running?.[Symbol.asyncDispose]()
    running = undefined
  }
  const again = async (): Promise<void> => {
    running = await start(command, site, resume)
  }
  return {
    router: await attach(),
    attach,
    adapter: {
      package: '@changeover/router-caddy',
      factory: 'caddyRouter',
      options: { ...options, admin: `unix:${socket(site)}` },
    },
    service,
    url: `http://127.0.0.1:${port}`,
    gate,
    admin,
    log: () => running?.log() ?? '',
    restart: async () => {
      await stop()
      await again()
    },
    halt: async () => {
      await stop()
      return again
    },
    refuseChanges: async () => {
      await rename(authority(site), `${authority(site)}.gone`)
      return () => rename(`${authority(site)}.gone`, authority(site))
    },
    ignoreChanges: async () => gate.ignoreChanges(),
    tamper: () => tamper(admin, service),
    foreign: () => foreign(admin, service),
    memory: () => memory(admin),
    deviations: DEVIATIONS,
    async close() {
      await Promise.all(routers.map((router) => router.close()))
      await gate.close()
      await stop()
      await rm(directory, { recursive: true })
    },
  }
}

interface Site {
  readonly service: string
  readonly directory: string
  readonly port: number
  readonly blogPort: number
  readonly create: boolean
}

async function start(command: string, site: Site, resume: boolean): Promise<ProxyProcess> {
  // All that a Caddy keeps, and would share with others of this machine.
  const home = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'].map(
    (name) => `${name}=${site.directory}`,
  )
  const proxy = await proxyProcess({
    command: 'env',
    configuration: () => JSON.stringify(configuration(site)),
    args: (_, file) => [
      ...home,
      command,
      'run',
      '--config',
      file,
      '--adapter',
      '',
      ...(resume ? ['--resume'] : []),
    ],
    port: site.port,
  })
  await until(async () => existsSync(socket(site)))
  return proxy
}

function socket({ directory }: Site): string {
  return join(directory, 'admin')
}

/** A file without which Caddy takes no configuration: each change reads it again. */
function authority({ directory }: Site): string {
  return join(directory, 'authority.pem')
}

function configuration(site: Site): object {
  const { service, port, blogPort, create } = site
  const nobody = { handler: 'static_response', status_code: 503 }
  const own = { '@id': `changeover-${service}`, handle: [nobody], terminal: true }
  const other = {
    '@id': 'other',
    match: [{ host: ['other.example'] }],
    handle: [{ handler: 'static_response', body: 'the other shop' }],
  }
  const transport = { protocol: 'http', tls: { root_ca_pem_files: [authority(site)] } }
  const blog = { handler: 'reverse_proxy', upstreams: [{ dial: '127.0.0.1:9' }], transport }
  const servers = {
    shops: {
      listen: [`127.0.0.1:${port}`],
      // The name of a host would make Caddy ask for a certificate, and speak TLS.
      automatic_https: { disable: true },
      routes: [other, ...(create ? [{ handle: [nobody] }] : [own])],
    },
    blog: { listen: [`127.0.0.1:${blogPort}`], routes: [{ handle: [blog] }] },
  }
  return { admin: { listen: `unix/${socket(site)}` }, apps: { http: { servers } } }
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const sent = request({ socketPath, method, path, headers, setHost: false, agent: false })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** As measured with 2.6.2. */
const DEVIATIONS: RouterDeviations = {
  'ambiguous-length':
    "Go's reader of HTTP/1.1 lets Transfer-Encoding win over Content-Length and serves on",
  'broken-body': 'a body in chunks that breaks off is ended as if it were whole',
  'expect-continue': 'tells the client twice to go on',
  'forwarded-for': 'replaces X-Forwarded-*, and passes Forwarded and X-Real-Ip on',
  'half-close': 'answers with 200 and no body where the client ended its half before',
  'request-trailers': 'its reverse_proxy of 2.6 drops them',
}

type Admin = CaddyUnderTest['admin']

/** Gives all requests to the first upstream, as a person would who is in a hurry. */
async function tamper(admin: Admin, service: string): Promise<void> {
  const path = `/id/changeover-${service}/handle/0/routes`
  const routes = JSON.parse((await admin('GET', path)).body) as {
    handle: { upstreams: object[] }[]
  }[]
  const [proxy] = routes.at(-1)?.handle ?? []
  const changed = { ...proxy, upstreams: proxy?.upstreams.slice(0, 1) }
  const { status, body } = await admin('PATCH', `${path}/${routes.length - 1}/handle/0`, changed)
  if (status !== 200) throw new Error(body)
}

/** The whole configuration but what the adapter manages, and how another site of it answers. */
async function foreign(admin: Admin, service: string): Promise<string> {
  const config = JSON.parse((await admin('GET', '/config/')).body) as Configuration
  const id = `changeover-${service}`
  const routes = config.apps.http.servers.shops.routes.map((route) => {
    return route['@id'] === id ? { ...route, handle: 'ours' } : route
  })
  config.apps.http.servers.shops.routes = routes
  return JSON.stringify(config)
}

interface Configuration {
  readonly apps: { readonly http: { readonly servers: { readonly shops: { routes: Route[] } } } }
}

interface Route {
  readonly '@id'?: string
  readonly handle: unknown
}

async function memory(admin: Admin): Promise<number> {
  const { memstats } = JSON.parse((await admin('GET', '/debug/vars')).body) as {
    memstats: { Sys: number; HeapReleased: number }
  }
  return memstats.Sys - memstats.HeapReleased
}
