import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { listenOnPort } from '../../src/agent/servers.ts'

const program = fileURLToPath(new URL('../fixtures/short-of-files.mjs', import.meta.url))

it('Those who open connections without end are cut, before they take all that the agent can open', async () => {
  const http = { port: 0, host: '127.0.0.1', tls: undefined, origins: [] }
  const server = await listenOnPort(http, (_, response) => response.end('here'))
  const port = Number(new URL(server.url).port)
  const sockets: Socket[] = []
  let cut = 0
  for (let n = 0; n < 2_050; n += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined).once('close', () => (cut += 1))
    sockets.push(socket)
    if (n % 50 === 0) await once(socket, 'connect')
  }
  await expect.poll(() => cut, { timeout: 20_000 }).toBe(50)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => cut, { timeout: 20_000 }).toBe(sockets.length)
  expect(await (await fetch(server.url)).text()).toBe('here')
  await server.close()
}, 60_000)

it('A server that may open no more files goes on when it may again', async () => {
  const child = spawn('bash', ['-c', 'ulimit -n 300; exec "$0" "$1"', process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(createInterface(child.stdout), 'line')
  const url = String(line)
  const sockets = Array.from({ length: 600 }, () => connect(Number(new URL(url).port), '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined)
  await setTimeout(500)
  for (const socket of sockets) socket.destroy()
  await expect
    .poll(() => fetch(url).then((answer) => answer.text(), String), { timeout: 20_000 })
    .toBe('here')
  expect(child.exitCode).toBeNull()
}, 60_000)
