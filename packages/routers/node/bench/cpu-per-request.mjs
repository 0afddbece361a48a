// CPU time per request of one process in the middle: nothing, a plain node:http proxy, nodeRouter. In interleaved
// rounds, since a busy machine slows whole minutes down. CPU time is what a router costs; a rate on a loopback is noise.
//
//   node packages/routers/node/bench/cpu-per-request.mjs [rounds] [requests per round]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { nodeRouter } from '@changeover/router-node'

const CONNECTIONS = 32
const BODY = 'x'.repeat(100)

const roles = {
  /** Answers everything with the same small body. */
  async backend() {
    const server = http.createServer((request, response) => response.end(BODY))
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
  async router(target) {
    const router = nodeRouter({ listeners: { shop: { port: 0 } } })
    const address = `127.0.0.1:${target}`
    const pool = (release, weight) => ({ release, weight, instances: [{ id: release, address }] })
    await router.apply({
      service: 'shop',
      revision: 1,
      fence: 1,
      pools: [pool('v1', 9000), pool('v2', 1000)],
    })
    const { shop } = await router.listen()
    return Number(new URL(shop).port)
  },
}

async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}

async function child(role, target) {
  const port = await roles[role](Number(target))
  process.on('message', () => process.send({ cpu: process.cpuUsage() }))
  process.send({ port })
}

async function start(role, target = 0) {
  const process = fork(fileURLToPath(import.meta.url), [role, String(target)])
  const [{ port }] = await once(process, 'message')
  return { role, process, port, perRequest: [] }
}

async function cpuOf({ process }) {
  process.send('cpu')
  const [{ cpu }] = await once(process, 'message')
  return cpu.user + cpu.system
}

/** Sends `count` requests over keep-alive connections, each as soon as the one before it was answered. */
async function load(port, count) {
  let left = count
  const ask = `GET /orders/1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1\r\nAccept: */*\r\nCookie: uid=1234567890\r\n\r\n`
  const run = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let seen = ''
      const next = () => {
        if (left-- > 0) socket.write(ask)
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
  await Promise.all(Array.from({ length: CONNECTIONS }, run))
}

async function round(subject, requests) {
  const before = await cpuOf(subject)
  await load(subject.port, requests)
  return ((await cpuOf(subject)) - before) / requests
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

async function main(rounds = 9, requests = 10_000) {
  const backend = await start('backend')
  const subjects = [
    backend,
    await start('plain', backend.port),
    await start('router', backend.port),
  ]
  for (const subject of subjects) await load(subject.port, requests)
  for (let i = 0; i < rounds; i++)
    for (const subject of subjects) subject.perRequest.push(await round(subject, requests))
  for (const { role, perRequest, process } of subjects) {
    const spread = perRequest.map((us) => us.toFixed(0)).join(' ')
    console.log(`${role.padEnd(8)} ${median(perRequest).toFixed(1)} µs CPU/request   (${spread})`)
    process.kill()
  }
}

const [first, second] = process.argv.slice(2)
if (first in roles) await child(first, second)
else await main(first && Number(first), second && Number(second))
