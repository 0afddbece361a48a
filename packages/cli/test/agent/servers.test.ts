import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { listenOnPort } from '../../src/agent/servers.ts'

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
