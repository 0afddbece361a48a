import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type NginxRouter,
  nginxRouter,
  type NginxRouterOptions,
  type RouterMode,
} from '@changeover/router-nginx'
import type { RouterDeviations } from '@changeover/testing'
import { freePort } from '../balancers/free-port.ts'
import { until } from '../balancers/until.ts'
import { programs } from '../debian-packages.ts'
import type { RouterSetup, RouterUnderTest } from './router-under-test.ts'

/** The nginx to test, and how it is told. */
export interface NginxSetup extends RouterSetup {
  readonly mode: RouterMode
  /** From {@link findNginx}. */
  readonly programs: NginxPrograms
  /** Options of the adapter beside those that follow from the setup. */
  readonly options?: Partial<NginxRouterOptions>
  /** Directives for the `http` block, before those of the adapter. */
  readonly http?: string
}

/** Where nginx and its modules are. */
export interface NginxPrograms {
  readonly command: string
  /** To be loaded for mode `lua`. */
  readonly modules: readonly string[]
}

/** An nginx in processes of its own. */
export interface NginxUnderTest extends RouterUnderTest {
  readonly router: NginxRouter
  readonly attach: () => Promise<NginxRouter>
  readonly directory: string
  readonly configFile: string
  /** The pid of its master. */
  readonly master: () => number
  readonly options: NginxRouterOptions
}

/** Of util-linux, so in every Linux. */
const binder = 'setpriv'

const MODULES = '/usr/lib/nginx/modules'

/** nginx and its Lua module, installed where that is possible; undefined where not, and a line on stderr says so. */
export async function findNginx(): Promise<NginxPrograms | undefined> {
  const module = `${MODULES}/ngx_http_lua_module.so`
  const found = await programs(
    { command: 'nginx', package: 'nginx' },
    { command: module, package: 'libnginx-mod-http-lua' },
  )
  const [command] = found ?? []
  return command === undefined
    ? undefined
    : { command, modules: [`${MODULES}/ndk_http_module.so`, module] }
}

/** Starts it, with two workers and another site beside the service. */
export async function nginxUnderTest(setup: NginxSetup): Promise<NginxUnderTest> {
  const { service = 'shop', mode, programs } = setup
  const directory = mkdtempSync(join(tmpdir(), 'changeover-nginx-'))
  const [port, other, control] = [await freePort(), await freePort(), await freePort()]
  const configFile = join(directory, 'nginx.conf')
  const pidFile = join(directory, 'nginx.pid')
  const own = join(directory, 'own')
  const errorLog = join(directory, 'error.log')
  const options: NginxRouterOptions = {
    mode,
    directory: own,
    services: { [service]: {} },
    pidFile,
    command: programs.command,
    configFile,
    errorLog,
    control: { port: control },
    reloadTimeout: 4_000,
    watchEvery: 100,
    ...setup.options,
  }
  const written = configuration({ setup, service, directory, port, other })
  writeFileSync(configFile, written)
  const router = nginxRouter(options)
  await router.prepare()
  let nginx = await start(programs.command, configFile, [port, other, control])
  const again = async (): Promise<void> => {
    nginx = await start(programs.command, configFile, [port, other, control])
  }
  const attached: NginxRouter[] = []

  return {
    router,
    service,
    url: `http://127.0.0.1:${port}`,
    patience: '10s',
    shareError: mode === 'lua' ? 2 : 55,
    deviations: { ...DEVIATIONS, ...(mode !== 'lua' && WITHOUT_LUA) },
    directory: own,
    configFile,
    options,
    adapter: { package: '@changeover/router-nginx', factory: 'nginxRouter', options },
    master: () => Number(readFileSync(pidFile, 'utf8')),
    attach: async () => {
      const next = nginxRouter(options)
      attached.push(next)
      return next
    },
    restart: async () => {
      await nginx.stop()
      await again()
    },
    halt: async () => {
      await nginx.stop()
      return again
    },
    refuseChanges: async () =>
      mode === 'lua' ? notSaved(join(own, `${service}.table`)) : notParsed(configFile),
    ...(mode !== 'lua' && { ignoreChanges: async () => reloadsIgnored(nginx.pid) }),
    tamper: async () => tampered(mode, own, service),
    foreign: async () => {
      const answer = await fetch(`http://127.0.0.1:${other}/`)
      return `${readFileSync(configFile, 'utf8')}\n${await answer.text()}`
    },
    close: async () => {
      for (const one of [router, ...attached]) await one.close()
      await nginx.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

const DEVIATIONS: RouterDeviations = {
  'early-hints': 'nginx passes them on from 1.29; before, such an answer hangs',
  'request-trailers': 'nginx drops trailers',
  'answer-trailers': 'nginx drops trailers',
}

const WITHOUT_LUA: RouterDeviations = {
  'request-connection-headers': 'nginx has no directive that reads what Connection names',
  'answer-connection-headers': 'nginx has no directive that reads what Connection names',
}

interface Setting {
  readonly setup: NginxSetup
  readonly service: string
  readonly directory: string
  readonly port: number
  readonly other: number
}

function configuration({ setup, service, directory, port, other }: Setting): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const modules = setup.mode === 'lua' ? setup.programs.modules : []
  return `
${modules.map((file) => `load_module ${file};`).join('\n')}
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 2;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n  ')}
  ${setup.http ?? ''}
  include ${directory}/own/*.conf;
  server {
    listen 127.0.0.1:${port};
    location / { include ${directory}/own/${service}.location; }
  }
  # Somebody else's site.
  server {
    listen 127.0.0.1:${other};
    location / { return 200 "not the shop\\n"; }
  }
}
`
}

interface RunningNginx {
  readonly pid: number
  stop(): Promise<void>
}

/** The master ends with this process, and takes its workers along: SIGKILL would leave them behind. */
async function start(
  command: string,
  configFile: string,
  ports: readonly number[],
): Promise<RunningNginx> {
  const args = ['--pdeathsig', 'TERM', command, '-c', configFile, '-e', 'stderr']
  const child = spawn(binder, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'exit')
  const early = ended.then((): never => {
    throw new Error(`nginx ended before it listened: ${said}`)
  })
  early.catch(() => undefined)
  await Promise.race([
    until(async () => (await Promise.all(ports.map(answers))).every(Boolean)),
    early,
  ])
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(late)
    },
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )
}

/** A stopped master takes the signal, and does nothing. */
function reloadsIgnored(pid: number): () => Promise<void> {
  process.kill(pid, 'SIGSTOP')
  return async () => {
    process.kill(pid, 'SIGCONT')
  }
}

/** The user's own part no longer parses. */
function notParsed(configFile: string): () => Promise<void> {
  const text = readFileSync(configFile, 'utf8')
  appendFileSync(configFile, 'nonsense here;\n')
  return async () => writeFileSync(configFile, text)
}

/** Where the table is saved, nothing can be: root may write to any disk that is not full. */
function notSaved(file: string): () => Promise<void> {
  renameSync(file, `${file}.aside`)
  mkdirSync(join(file, 'in-the-way'), { recursive: true })
  return async () => {
    rmSync(file, { recursive: true })
    renameSync(`${file}.aside`, file)
  }
}

/** A person edits a file of ours. */
function tampered(mode: RouterMode, own: string, service: string): void {
  appendFileSync(join(own, mode === 'lua' ? `${service}.table` : `${service}.conf`), '# by hand\n')
}
