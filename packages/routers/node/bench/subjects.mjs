// What the benches put in the middle: each a process of its own, so that its CPU time and its memory are its own.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nodeRouter } from '@changeover/router-node'

export const BODY = 'x'.repeat(100)

/** One request as a browser or a client library would send it, in few bytes. */
export const ASK =
  'GET /orders/1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1\r\nAccept: */*\r\nCookie: uid=1234567890\r\n\r\n'

const roles = {
  /** Answers everything with the same small body; `/big` with 300 MB. */
  async backend() {
    const piece = Buffer.alloc(1_000_000, 'x')
    const server = http.createServer((request, response) => {
      if (request.url !== '/big') return response.end(BODY)
      let left = 300
      const fill = () => {
        while (left > 0) {
          left -= 1
          if (!response.write(piece)) return response.once('drain', fill)
        }
        response.end()
      }
      response.setHeader('Content-Length', left * piece.length)
      fill()
    })
    server.keepAliveTimeout = 600_000
    return listen(server)
  },
  /** What one would write in ten lines: no retries, no filtering, no counts. */
  async plain(target) {
    const agent = new http.Agent({ keepAlive: true })
    const server = http.createServer((request, response) => {
      const { method, url: path, headers } = request
      const upstream = http.request(
        { host: '127.0.0.1', port: target, agent, method, path, headers },
        (answer) => {
          response.writeHead(answer.statusCode, answer.headers)
          answer.pipe(response)
        },
      )
      upstream.on('error', () => response.destroy())
      request.pipe(upstream)
    })
    return listen(server)
  },
  /** `nodeRouter`, by its fast path. */
  router: (target) => route(target, true),
  /** `nodeRouter`, by `node:http` alone. */
  slow: (target) => route(target, false),
}

async function route(target, fastPath) {
  const router = nodeRouter({ listeners: { shop: { port: 0 } }, fastPath })
  const address = `127.0.0.1:${target}`
  const pool = (release, weight) => ({ release, weight, instances: [{ id: release, address }] })
  const pools = [pool('v1', 9000), pool('v2', 1000)]
  await router.apply({ service: 'shop', revision: 1, fence: 1, pools })
  const { shop } = await router.listen()
  return Number(new URL(shop).port)
}

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}

/** Starts one of the roles. */
export async function start(role, target = 0) {
  const child = fork(fileURLToPath(import.meta.url), [role, String(target)])
  const [{ port }] = await once(child, 'message')
  return { role, port, pid: child.pid, stop: () => child.kill() }
}

/**
 * nginx with one worker: in front of `target` with keep-alive both ways, or giving one `answer` itself; undefined where it is
 * not installed.
 */
export async function startNginx({ target, answer }) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-nginx-'))
  const port = await freePort()
  const file = join(directory, 'nginx.conf')
  await writeFile(file, nginxConfiguration(directory, port, { target, answer }))
  const child = spawn('nginx', ['-p', directory, '-c', file, '-e', join(directory, 'error.log')])
  const gone = once(child, 'error').catch(() => undefined)
  const started = await Promise.race([answers(port), gone.then(() => false)])
  if (!started) return undefined
  const stop = () => child.kill('SIGTERM') && rm(directory, { recursive: true, force: true })
  return { role: 'nginx', port, pid: child.pid, stop }
}

function nginxConfiguration(directory, port, { target, answer }) {
  const upstream = `upstream shop { server 127.0.0.1:${target} max_fails=0; keepalive 128; keepalive_requests 1000000000; }`
  const location =
    answer === undefined
      ? `proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host;`
      : `return 200 ${answer};`
  return `daemon off; master_process off; worker_processes 1; pid ${directory}/pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${directory}/a; proxy_temp_path ${directory}/b; fastcgi_temp_path ${directory}/c;
  uwsgi_temp_path ${directory}/d; scgi_temp_path ${directory}/e;
  keepalive_requests 1000000000; tcp_nodelay on;
  ${answer === undefined ? upstream : ''}
  server {
    listen 127.0.0.1:${port};
    location / {
      ${location}
    }
  }
}`
}

async function freePort() {
  const server = createServer()
  const port = await listen(server)
  server.close()
  return port
}

async function answers(port) {
  for (let i = 0; i < 100; i++) {
    const socket = connect({ port, host: '127.0.0.1' })
    const made = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (made) return true
    await sleep(50)
  }
  return false
}

/** Microseconds of CPU that all threads of a process have had. */
export async function cpuOf(pid) {
  const { readdir } = await import('node:fs/promises')
  let sum = 0
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0')
    sum += Number(text.split(' ')[0]) / 1000
  }
  return sum
}

/** Resident memory of a process in megabytes. */
export async function memoryOf(pid) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024
}

/** Sends `count` requests over keep-alive connections, each as soon as the one before it was answered. */
export async function load(port, count, connections = 32) {
  let left = count
  const run = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let seen = ''
      const next = () => {
        if (left-- > 0) socket.write(ASK)
        else resolve(socket.destroy())
      }
      socket.on('connect', next).on('error', reject)
      socket.on('data', (chunk) => {
        seen += chunk.latin1Slice()
        if (!seen.includes(BODY)) return
        if (!seen.startsWith('HTTP/1.1 200')) reject(new Error(seen))
        seen = ''
        next()
      })
    })
  await Promise.all(Array.from({ length: connections }, run))
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

const [role, target] = process.argv.slice(2)
if (process.send && role in roles) process.send({ port: await roles[role](Number(target)) })
