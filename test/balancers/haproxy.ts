import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Balancer } from './balancer.ts'
import { freePort } from './free-port.ts'
import { proxyProcess } from './proxy-process.ts'
import { until } from './until.ts'

/** `tcp` passes connections on, as a service of Kubernetes does; `http` passes requests on. */
export interface HaproxyOptions {
  readonly command: string
  readonly mode: 'tcp' | 'http'
  readonly backends: readonly number[]
}

/** A haproxy that asks every second for readiness, believes the second refusal, and never retries. */
export async function haproxy({ command, mode, backends }: HaproxyOptions): Promise<Balancer> {
  const port = await freePort()
  const proxy = await proxyProcess({
    command,
    configuration: (directory) => configuration({ mode, port, backends, directory }),
    args: (_, file) => ['-db', '-f', file],
    port,
  })
  return {
    name: `haproxy ${mode}`,
    url: `http://127.0.0.1:${port}/`,
    noticed: (backend) => until(() => isUp(join(proxy.directory, 'stats'), backend)),
    log: proxy.log,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

interface Setting extends Omit<HaproxyOptions, 'command'> {
  readonly port: number
  readonly directory: string
}

function configuration({ mode, port, backends, directory }: Setting): string {
  return `
global
  stats socket ${directory}/stats level user
  log stderr format raw local0
defaults
  mode ${mode}
  log global
  option ${mode}log
  option dontlog-normal
  retries 0
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter 1s fall 2 rise 1
frontend shop
  bind 127.0.0.1:${port}
  default_backend shops
backend shops
${backends.map((backend) => `  server ${backend} 127.0.0.1:${backend}`).join('\n')}
`
}

// Columns of the answer: proxy, server, sixteen numbers, status.
async function isUp(stats: string, backend: number): Promise<boolean> {
  const socket = connect(stats)
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => (answer += text))
  socket.end('show stat\n')
  await once(socket, 'close')
  return answer.split('\n').some((line) => {
    const [, server, ...columns] = line.split(',')
    return server === String(backend) && columns[15]?.startsWith('UP') === true
  })
}
