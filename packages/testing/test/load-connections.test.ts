import { once } from 'node:events'
import { request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { loadConnections } from '../src/load-connections.ts'

test('a connection that comes about after the close, for a request that was given up, is not kept (Node 24 would)', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connections = loadConnections(4)
  await connections.close()

  const late = request({ agent: connections.agent, host: '127.0.0.1', port })
  late.on('error', () => undefined)
  const closed = new Promise((resolve) => late.once('close', resolve))
  late.destroy()
  await closed

  expect(Object.values(connections.agent.freeSockets).flat()).toEqual([])
  server.close()
  await once(server, 'close')
})
