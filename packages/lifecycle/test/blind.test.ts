import { describe, expect, it, vi } from 'vitest'

import type * as nodeInternals from '../src/node-internals.ts'
import { sleep, start } from './harness.ts'
import { count, openRaw, request } from './raw-client.ts'

// A Node in which nothing private can be seen any more.
vi.mock('../src/node-internals.ts', (): typeof nodeInternals => ({
  responseOf: () => undefined,
  canSeeResponses: () => false,
  isUpgraded: () => false,
  hasRequestBehind: () => false,
  receivingSockets: () => undefined,
  openSockets: () => new Set(),
  sentHeadOf: () => undefined,
  openStreams: () => [],
  webSocketOver: () => undefined,
  stopCheckingConnections: () => {},
}))

describe.concurrent('on a Node that hides its private state', () => {
  it('a request in flight is answered', async () => {
    const { lifecycle, server, port } = await start((_, response) => {
      setTimeout(() => response.end('slow'), 800)
    })
    Object.assign(server, { keepAliveTimeout: 100 })
    const client = await openRaw(port)
    client.send(request())
    await sleep(100)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', forced: 0 })
    expect(client.received()).toMatch(/slow$/)
  })

  it('half-sent heads are served, on new and on warm connections', async () => {
    const { lifecycle, port } = await start((_, response) => response.end('ok'))
    const [cold, warm] = [await openRaw(port), await openRaw(port)]
    warm.send(request())
    await warm.sees('ok')
    for (const client of [cold, warm]) client.send('GET / HTTP/1.1\r\nHo')
    await sleep(100)
    const stopped = lifecycle.shutdown()
    await sleep(400)
    for (const client of [cold, warm]) client.send('st: localhost\r\n\r\n')
    await Promise.all([cold.ended, warm.ended])
    expect([cold, warm].map((client) => count(client.received(), '200 OK'))).toEqual([1, 2])
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2 })
  })

  it('idle connections end by the keep-alive timeout of Node itself', async () => {
    const { lifecycle, server, port } = await start((_, response) => response.end('ok'))
    Object.assign(server, { keepAliveTimeout: 100 })
    const client = await openRaw(port)
    client.send(request())
    await client.sees('ok')
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', forced: 0 })
    expect(await client.closed).toBe('clean')
  })
})
