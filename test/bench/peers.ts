import { execFile } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CutoverStep } from '@changeover/testing'
import { freePort } from '../balancers/free-port.ts'
import { type ProxyProcess, proxyProcess } from '../balancers/proxy-process.ts'
import { programs } from '../debian-packages.ts'
import { type Contender, releaseOf, type Start } from './contender.ts'
import type { Instance } from './versions.ts'

const run = promisify(execFile)

/** A router as people change it by hand: a file is written, and the router is told to read it again. */
interface Peer {
  readonly program: string
  /** What the router starts with, given what the file is called that names the instances in force. */
  readonly configuration: (directory: string, port: number, routes: string) => string
  readonly args: (directory: string, file: string) => readonly string[]
  readonly routes: (instances: readonly Instance[], port: number) => string
  readonly change: (proxy: ProxyProcess, restart: () => Promise<void>) => Promise<void>
}

/** `nginx -s reload`, with nothing done about it. */
export const nginxReload: readonly [name: string, start: Start] = peer('nginx -s reload, by hand', {
  program: 'nginx',
  configuration: (directory, port, routes) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
pid ${directory}/pid;
error_log ${directory}/errors warn;
events { worker_connections 4096; }
http {
  access_log off;
  include ${routes};
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://shops;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
  args: (directory, file) => ['-p', directory, '-c', file, '-e', 'stderr'],
  routes: (instances) =>
    `upstream shops {\n${instances.map(({ address }) => `  server ${address};`).join('\n')}\n  keepalive 64;\n}\n`,
  async change({ directory }) {
    await run('nginx', ['-p', directory, '-c', join(directory, 'proxy.conf'), '-s', 'reload'])
  },
})

const haproxyPeer: Omit<Peer, 'change' | 'args'> = {
  program: 'haproxy',
  configuration: (directory, port) => `
global
  stats socket ${directory}/stats level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend shop
  bind 127.0.0.1:${port}
  default_backend shops
`,
  routes: (instances) =>
    `backend shops\n${instances.map(({ id, address }) => `  server ${id} ${address}`).join('\n')}\n`,
}

/** HAProxy reloaded by its master, without `option idle-close-on-response`. */
export const haproxyReload: readonly [name: string, start: Start] = peer(
  'HAProxy reload, by hand',
  {
    ...haproxyPeer,
    args: (directory, file) => [
      '-W',
      '-p',
      `${directory}/pid`,
      '-f',
      file,
      '-f',
      join(directory, 'routes.cfg'),
    ],
    async change({ directory }) {
      process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGUSR2')
    },
  },
)

/** HAProxy ended and started again. */
export const haproxyRestart: readonly [name: string, start: Start] = peer('HAProxy restart', {
  ...haproxyPeer,
  args: (directory, file) => ['-db', '-f', file, '-f', join(directory, 'routes.cfg')],
  change: (_, restart) => restart(),
})

function peer(name: string, peer: Peer): readonly [name: string, start: Start] {
  return [
    name,
    async (versions): Promise<Contender | undefined> => {
      const [command] = (await programs({ command: peer.program, package: peer.program })) ?? []
      if (command === undefined) return undefined
      const port = await freePort()
      let routes = peer.routes(versions.blue, port)
      const start = (): Promise<ProxyProcess> =>
        proxyProcess({
          command,
          configuration: (directory) => {
            writeFileSync(join(directory, 'routes.cfg'), routes)
            return peer.configuration(directory, port, join(directory, 'routes.cfg'))
          },
          args: peer.args,
          port,
        })
      let proxy = await start()
      const restart = async (): Promise<void> => {
        await proxy[Symbol.asyncDispose]()
        proxy = await start()
      }
      const step = (n: number): CutoverStep => ({
        release: releaseOf(n),
        async apply() {
          if (n === 0) return
          routes = peer.routes(versions[releaseOf(n)], port)
          const file = join(proxy.directory, 'routes.cfg')
          writeFileSync(`${file}.tmp`, routes)
          renameSync(`${file}.tmp`, file)
          await peer.change(proxy, restart)
        },
      })
      const url = `http://127.0.0.1:${port}`
      return { name, url, drops: undefined, step, close: () => proxy[Symbol.asyncDispose]() }
    },
  ]
}
