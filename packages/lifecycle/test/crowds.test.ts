import { describe, expect, it } from 'vitest'

import { sleep, start } from './harness.ts'
import type { Harness } from './harness.ts'
import { count, openRaw, request } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'
import { startProcess } from './server-process.ts'

/** Beyond 512 idle connections nothing is kept of each, and their peers are not waited for. */
const crowdSize = 600

interface Crowd extends Harness {
  readonly clients: RawClient[]
  /** How many requests were executed. */
  readonly executed: () => number
}

/** A server with a crowd of connections that have carried a request each. `/slow` is never answered. */
async function gather(quiet: number, deadline = 20_000): Promise<Crowd> {
  let executed = 0
  const harness = await start(
    ({ url }, response) => {
      executed += 1
      if (url !== '/slow') response.end('ok')
    },
    { drain: { notice: 0, quiet, deadline } },
  )
  const clients: RawClient[] = []
  for (let index = 0; index < crowdSize; index += 1) {
    const client = await openRaw(harness.port)
    client.send(request())
    await client.sees('ok')
    clients.push(client)
  }
  return { ...harness, clients, executed: () => executed }
}

function answers(clients: readonly RawClient[]): number {
  return clients.reduce((sum, client) => sum + count(client.received(), '\r\n\r\nok'), 0)
}

describe('a crowd of idle connections', () => {
  it('is answered where it asks in the quiet period, told close, and the rest is closed without an error', async () => {
    const { lifecycle, clients } = await gather(1_000)
    const asking = clients.filter((_, index) => index % 20 === 0)
    const stopped = lifecycle.shutdown()
    await sleep(50)
    for (const client of asking) client.send(request())
    await Promise.all(asking.map(({ ended }) => ended))
    expect(asking.map(({ received }) => count(received(), 'Connection: close'))).toEqual(
      asking.map(() => 1),
    )
    expect(answers(asking)).toBe(2 * asking.length)
    const ends = await Promise.all(clients.map(({ closed }) => closed))
    expect(new Set(ends)).toEqual(new Set(['clean']))
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: asking.length, forced: 0 })
  })

  it('is left alone while requests keep coming', async () => {
    const { lifecycle, clients } = await gather(400)
    const stopped = lifecycle.shutdown()
    // Used in turn, 50 ms apart, the last one is idle for more than two quiet periods.
    const pool = clients.slice(-20)
    for (const client of pool) {
      client.send(request())
      await client.ended
      await sleep(50)
    }
    expect(answers(pool)).toBe(2 * pool.length)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 20, refused: 0 })
  })

  it('finishes the head that it has half sent when the others are closed', async () => {
    const { lifecycle, clients } = await gather(50)
    const [late, ...others] = clients
    const stopped = lifecycle.shutdown()
    late?.send('GET / HTTP/1.1\r\nHost: ')
    await Promise.all(others.map(({ closed }) => closed))
    late?.send('localhost\r\n\r\n')
    await late?.ended
    expect(late?.received()).toMatch(/Connection: close[^]*ok$/)
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('is answered in full or never executed when it asks while it is being closed', async () => {
    const { lifecycle, clients, executed } = await gather(20)
    const stopped = lifecycle.shutdown()
    for (const client of clients) {
      client.send(request())
      if (executed() % 4 === 0) await sleep(1)
    }
    await Promise.all(clients.map(({ closed }) => closed))
    expect(answers(clients)).toBe(executed())
    expect(await stopped).toMatchObject({ outcome: 'clean', forced: 0 })
  })

  it('is cut at the deadline, and only what was unfinished counts', async () => {
    const { lifecycle, clients } = await gather(500, 500)
    clients[0]?.send(request('/slow'))
    await sleep(50)
    const report = await lifecycle.shutdown()
    await Promise.all(clients.map(({ closed }) => closed))
    expect(report).toMatchObject({ outcome: 'forced', exitCode: 70, forced: 1 })
  })
})

describe('a crowd of idle connections, where the process exits next,', () => {
  const drain = { notice: 0, quiet: 100, deadline: '20s' }

  it.each([
    ['nothing else is left', {}],
    ['a hook is left', { SLOW_HOOK: '300' }],
  ])('is closed without an error, %s', async (_, env) => {
    const server = await startProcess({ drain }, env)
    const clients = await gatherAt(server.port)
    server.kill('SIGTERM')
    const ends = await Promise.all(clients.map(({ closed }) => closed))
    expect(new Set(ends)).toEqual(new Set(['clean']))
    expect(await server.exited).toBe(0)
    expect(server.lines.find(({ message }) => message === 'stopped')).toMatchObject({ forced: 0 })
  })

  it('is answered in full or never executed when it asks in the end', async () => {
    const server = await startProcess({ drain })
    const clients = await gatherAt(server.port)
    server.kill('SIGTERM')
    // From the middle of the quiet period on: each that is answered puts the end off.
    await sleep(50)
    for (const client of clients) {
      client.send(request())
      if (Math.random() < 0.1) await sleep(15)
    }
    await Promise.all(clients.map(({ closed }) => closed))
    expect(await server.exited).toBe(0)
    const exit = server.lines.find(({ message }) => message === 'exit')
    const answered = clients.reduce((sum, one) => sum + count(one.received(), 'done'), 0)
    expect(answered).toBe(exit?.['executed'])
    expect(answered).toBeGreaterThan(crowdSize)
  })

  it('does not exit before a slow answer is out, and is closed before that', async () => {
    const server = await startProcess({ drain })
    const [slow, ...others] = await gatherAt(server.port)
    slow?.send(request('/?ms=3000'))
    await sleep(50)
    server.kill('SIGTERM')
    await Promise.all(others.map(({ closed }) => closed))
    expect(count(slow!.received(), 'done')).toBe(1)
    await slow?.sees('done', 2)
    expect(await server.exited).toBe(0)
  })
})

async function gatherAt(port: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  for (let index = 0; index < crowdSize; index += 1) {
    const client = await openRaw(port)
    client.send(request())
    await client.sees('done')
    clients.push(client)
  }
  return clients
}
