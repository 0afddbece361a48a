import { setTimeout as sleep } from 'node:timers/promises'
import type { Balancer } from './balancer.ts'
import { freePort } from './free-port.ts'
import { proxyProcess } from './proxy-process.ts'

/** Where nginx is, and what is behind it. */
export interface NginxOptions {
  readonly command: string
  readonly backends: readonly number[]
  /** How long a backend accepts connections after SIGTERM. */
  readonly noticeMs: number
}

/** nginx's `fail_timeout`: so long it avoids a server that refused a connection. It counts whole seconds. */
const failTimeoutMs = 10_000

/**
 * An nginx with connections kept to its upstreams, all else by default. It asks nobody for readiness. A refused connection tells
 * it to avoid a server, and nothing tells it to come back before `fail_timeout` is over; if the other server refuses in that
 * time, there is none left to ask. So the next listener may not close before.
 */
export async function nginx({ command, backends, noticeMs }: NginxOptions): Promise<Balancer> {
  const port = await freePort()
  const proxy = await proxyProcess({
    command,
    configuration: (directory) => configuration(directory, port, backends),
    args: (directory, file) => ['-p', directory, '-c', file, '-e', 'stderr'],
    port,
  })
  return {
    name: 'nginx',
    url: `http://127.0.0.1:${port}/`,
    noticed: () => sleep(Math.max(0, failTimeoutMs + 1_000 - noticeMs)),
    log: proxy.log,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

// One process, so that killing it leaves no worker behind.
function configuration(directory: string, port: number, backends: readonly number[]): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n  ')}
  upstream shops {
    ${backends.map((backend) => `server 127.0.0.1:${backend};`).join('\n    ')}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://shops;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
