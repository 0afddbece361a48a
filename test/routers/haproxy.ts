import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  haproxyConfig,
  type HaproxyRouter,
  haproxyRouter,
  type HaproxyRouterOptions,
  type ServiceOptions,
} from '@changeover/router-haproxy'
import { freePort } from '../balancers/free-port.ts'
import { type ProxyProcess, proxyProcess } from '../balancers/proxy-process.ts'
import { until } from '../balancers/until.ts'
import { programs } from '../debian-packages.ts'
import { type CommandGate, commandGate } from './haproxy-gate.ts'
import type { RouterSetup, RouterUnderTest } from './router-under-test.ts'

/** How the HAProxy under test is set up. */
export interface HaproxySetup extends RouterSetup {
  /** Whether the adapter keeps the file that HAProxy starts with. @default true */
  readonly durable?: boolean
  /** Whether a master reloads it, and takes commands too. @default false */
  readonly master?: boolean
  /** Of the service, in place of those below. */
  readonly options?: Partial<ServiceOptions>
  /** @default 50 */
  readonly lookEvery?: number
}

/** An HAProxy with another site beside the service. */
export interface HaproxyUnderTest extends RouterUnderTest {
  readonly router: HaproxyRouter
  readonly attach: () => Promise<HaproxyRouter>
  readonly halt: NonNullable<RouterUnderTest['halt']>
  readonly tamper: NonNullable<RouterUnderTest['tamper']>
  readonly gate: CommandGate
  /** The reply to a command on HAProxy's own socket, past everything between. */
  readonly command: (line: string) => Promise<string>
  /** Reloads it by its master: resolves when the new worker serves. */
  readonly reload: () => Promise<void>
  /** The file that the adapter keeps. */
  readonly file: string
  readonly log: () => string
}

/** Starts one; undefined where there is no HAProxy here. */
export async function haproxyUnderTest(
  setup: HaproxySetup = {},
): Promise<HaproxyUnderTest | undefined> {
  const [program] = (await programs({ command: 'haproxy', package: 'haproxy' })) ?? []
  if (program === undefined) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'changeover-haproxy-'))
  const site = await siteOf(program, directory, setup)
  const { service, file } = site
  const options = routerOptions(site, setup)
  await writeFile(file, haproxyConfig({ services: options.services }))
  let running: ProxyProcess | undefined = await start(site)
  const gate = await commandGate(options.socket as string, site.socket)
  const routers: HaproxyRouter[] = []
  const attach = async (): Promise<HaproxyRouter> => {
    const router = haproxyRouter(options)
    routers.push(router)
    return router
  }
  const stop = async (): Promise<void> => {
    await running?.[Symbol.asyncDispose]()
    running = undefined
  }
  const again = async (): Promise<void> => {
    running = await start(site)
  }
  return {
    router: await attach(),
    attach,
    adapter: {
      package: '@changeover/router-haproxy',
      factory: 'haproxyRouter',
      options: { ...options, socket: site.socket },
    },
    service,
    url: `http://127.0.0.1:${site.port}`,
    version: '2.6',
    deviations: DEVIATIONS,
    gate,
    file,
    command: (line) => command(site.socket, line),
    reload: () => reload(site),
    log: () => running?.log() ?? '',
    restart: async () => {
      await stop()
      await again()
    },
    halt: async () => {
      await stop()
      return again
    },
    refuseChanges: async () => gate.keepChanges('Permission denied\n'),
    ignoreChanges: async () => gate.keepChanges(''),
    tamper: () => tamper(site),
    foreign: () => foreign(site),
    memory: () => memory(site),
    async close() {
      await Promise.all(routers.map((router) => router.close()))
      await gate.close()
      await stop()
      await rm(directory, { recursive: true })
    },
  }
}

const DEVIATIONS: NonNullable<RouterUnderTest['deviations']> = {
  'request-connection-headers': 'HAProxy 2.6 cannot delete headers by a name that a request brings',
  'answer-connection-headers': 'HAProxy 2.6 cannot delete headers by a name that an answer brings',
  'http-1.0': 'HAProxy 2.6 passes chunks on to clients of HTTP/1.0',
}

interface Site {
  readonly program: string
  readonly directory: string
  readonly service: string
  readonly port: number
  readonly otherPort: number
  readonly socket: string
  readonly master: string | undefined
  readonly file: string
}

async function siteOf(program: string, directory: string, setup: HaproxySetup): Promise<Site> {
  return {
    program,
    directory,
    service: setup.service ?? 'shop',
    port: await freePort(),
    otherPort: await freePort(),
    socket: join(directory, 'admin'),
    master: setup.master ? join(directory, 'master') : undefined,
    file: join(directory, 'shop.cfg'),
  }
}

function routerOptions(site: Site, setup: HaproxySetup): HaproxyRouterOptions {
  const { service, directory, port, file, master } = site
  const { headers = ['x-preview', 'x-first', 'x-second', 'x-stable', 'x-user'] } = setup
  const { cookies = ['uid', 'preview', 'x-preview'], lookEvery = 50, durable = true } = setup
  const timeouts = { connect: '300ms' }
  const own = { bind: `127.0.0.1:${port}`, headers, cookies, timeouts, ...setup.options }
  return {
    socket: join(directory, 'gate'),
    ...(master === undefined ? {} : { master }),
    lookEvery,
    services: { [service]: { ...own, ...(durable ? { file } : {}) } },
  }
}

async function start(site: Site): Promise<ProxyProcess> {
  const { program, master, file, port, socket } = site
  const mode = master === undefined ? ['-db'] : ['-W', '-S', master]
  const proxy = await proxyProcess({
    command: program,
    configuration: () => configuration(site),
    args: (_, own) => [...mode, '-f', own, '-f', file],
    port,
  })
  await until(async () => (await infoOf(socket)).includes('Pid: '))
  return proxy
}

/** Somebody's own part, with a backend that no adapter has to do with. */
function configuration({ socket, otherPort }: Site): string {
  return `
# Kept by hand.
global
  stats socket ${socket} mode 600 level admin thread 1
  nbthread 2
  set-var proc.own str(ours)
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend other
  bind 127.0.0.1:${otherPort}
  default_backend others
backend others
  server first 127.0.0.1:9 weight 7
  server second 127.0.0.1:10 weight 3
`
}

function command(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let reply = ''
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text))
    socket.on('error', reject)
    socket.on('close', () => resolve(reply))
    socket.write(`${line}\n`)
  })
}

/** Empty where it does not answer: its socket may be there before and after itself. */
function infoOf(socket: string): Promise<string> {
  return command(socket, 'show info').catch(() => '')
}

async function reload({ master, socket }: Site): Promise<void> {
  const pid = async (): Promise<string> => /^Pid: (\d+)$/m.exec(await infoOf(socket))?.[1] ?? ''
  const before = await pid()
  await command(master ?? '', 'reload')
  await until(async () => !['', before].includes(await pid()))
}

/** Takes an instance out by hand, as a person would who is in a hurry. */
async function tamper({ socket, service }: Site): Promise<void> {
  const text = await command(socket, 'show servers state')
  const row = text.split('\n').find((line) => line.includes(` changeover_${service}..`))
  const [, backend, , server] = row?.split(' ') ?? []
  await command(socket, `set server ${backend}/${server} state maint`)
}

/** What is served beside the service, and the variables of others. */
async function foreign({ socket }: Site): Promise<string> {
  const states = await command(socket, 'show servers state others')
  // Without how long ago they changed.
  const servers = states.split('\n').map((line) => line.split(' ').toSpliced(9, 1).join(' '))
  return [...servers, await command(socket, 'get var proc.own')].join('\n')
}

async function memory({ socket }: Site): Promise<number> {
  const pid = /^Pid: (\d+)$/m.exec(await command(socket, 'show info'))?.[1] ?? 'self'
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
