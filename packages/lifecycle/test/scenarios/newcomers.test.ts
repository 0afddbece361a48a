import { describe, expect, it } from 'vitest'

import { sleep } from '../harness.ts'
import { count, openRaw, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'
import { startProcess } from '../server-process.ts'
import type { ServerProcess } from '../server-process.ts'

const serve = (stop: string, notice: number): Promise<ServerProcess> =>
  startProcess(
    { drain: { notice, quiet: 50, deadline: '60s' } },
    { STOP: stop },
    'scenario-server.mjs',
  )

const told = ({ received }: RawClient): boolean => /Connection: close\r\n/.test(received())

describe('Scenario 9: half-sent heads at SIGTERM, and clients that never finish', () => {
  const stop = async (server: ServerProcess): Promise<RawClient[]> => {
    const [cold, warm] = [await openRaw(server.port), await openRaw(server.port)]
    warm.send(request())
    await warm.sees('done')
    for (const client of [cold, warm]) client.send('GET / HTTP/1.1\r\nHo')
    await sleep(100)
    server.kill('SIGTERM')
    await server.says('draining')
    await sleep(300)
    for (const client of [cold, warm]) client.send('st: localhost\r\n\r\n')
    await Promise.all([cold.sees('done'), warm.sees('done', 2)])
    return [cold, warm]
  }

  it('are served and told close, while the silent and the slow hold up nothing', async () => {
    const server = await serve('lifecycle', 0)
    const [silent, slow] = [await openRaw(server.port), await openRaw(server.port)]
    const bytes = request('/', 'X: y\r\n'.repeat(500))
    let sent = 0
    const drip = setInterval(() => slow.send(bytes[sent++] ?? ''), 50)
    const served = await stop(server)
    expect(served.filter(told)).toHaveLength(2)
    expect(await server.exited).toBe(0)
    clearInterval(drip)
    expect(sent).toBeLessThan(bytes.length / 2)
    expect(await silent.closed).toBe('clean')
    expect(server.lines.at(-1)).toMatchObject({ executed: 3 })
  })

  it('are noticed not to be told close by server.close() alone', async () => {
    const server = await serve('close', 0)
    expect((await stop(server)).filter(told)).toHaveLength(0)
    expect(await server.exited).toBe(1)
  })
})

/** How a new connection with one request ends. */
async function tryOnce(port: number): Promise<string> {
  try {
    const client = await openRaw(port)
    client.send(request())
    const end = await client.closed
    return client.received().includes('200 OK') && told(client) ? `answered, ${end}` : end
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

async function tryTimes(port: number, times: number): Promise<Set<string>> {
  const ends = new Set<string>()
  for (let attempt = 0; attempt < times; attempt += 1) ends.add(await tryOnce(port))
  return ends
}

describe('Scenario 10: a client that hammers one keep-alive connection', () => {
  // Busy at the instant of the close, since server.close() destroys a connection that is between two requests.
  const hammer = async (server: ServerProcess): Promise<[RawClient, number | string]> => {
    const client = await openRaw(server.port)
    client.send(request('/?ms=500'))
    await sleep(100)
    server.kill('SIGTERM')
    await client.sees('done')
    const hammering = setInterval(() => client.send(request('/?ms=5')), 20)
    const exitCode = await server.exited
    clearInterval(hammering)
    return [client, exitCode]
  }

  it('is told close with its next answer, which is its last', async () => {
    const [client, exitCode] = await hammer(await serve('lifecycle', 0))
    expect(exitCode).toBe(0)
    expect(told(client)).toBe(true)
    expect(count(client.received(), '200 OK')).toBe(1)
  })

  it('is noticed to hold up server.close() alone until it is killed', async () => {
    const [client, exitCode] = await hammer(await serve('close', 0))
    expect(exitCode).toBe(1)
    expect(told(client)).toBe(false)
    expect(count(client.received(), '200 OK')).toBeGreaterThan(1)
  })
})

describe('Scenario 11: new connections', () => {
  it('are answered and told close during the notice, and refused after it, never reset', async () => {
    const server = await serve('lifecycle', 1_000)
    const slow = await openRaw(server.port)
    slow.send(request('/?ms=3000'))
    await sleep(50)
    server.kill('SIGTERM')
    await server.says('draining')
    expect(await tryTimes(server.port, 20)).toEqual(new Set(['answered, clean']))
    await server.says('closing listener')
    await sleep(200)
    expect(await tryTimes(server.port, 20)).toEqual(new Set(['ECONNREFUSED']))
    expect(slow.received()).toBe('')
    await slow.sees('done')
    expect(await server.exited).toBe(0)
  })

  /** The loop is blocked when they come, so that all of them wait in the queue of the listener when SIGTERM does. */
  const queue = async (server: ServerProcess): Promise<string[]> => {
    const blocking = await openRaw(server.port)
    blocking.send(request('/block?ms=1000'))
    await server.says('blocked')
    const clients = await Promise.all(Array.from({ length: 200 }, () => openRaw(server.port)))
    server.kill('SIGTERM')
    for (const client of clients) client.send(request())
    await Promise.all([blocking, ...clients].map(({ closed }) => closed))
    return clients.map((client) => (client.received().includes('200 OK') ? 'answered' : 'lost'))
  }

  it('that wait in the queue of the listener are all served, with no notice at all', async () => {
    const server = await serve('lifecycle', 0)
    expect(new Set(await queue(server))).toEqual(new Set(['answered']))
    expect(await server.exited).toBe(0)
  })

  it('that wait in the queue are noticed to be reset by server.close() alone', async () => {
    expect(new Set(await queue(await serve('close', 0)))).toContain('lost')
  })
})
