import { describe, expect, it } from 'vitest'

import { sleep } from './harness.ts'
import { openRaw, request } from './raw-client.ts'
import { startProcess } from './server-process.ts'
import type { ServerProcess } from './server-process.ts'

const quick = { notice: 0, quiet: 50, deadline: '20s' }

const messages = ({ lines }: ServerProcess): string[] => lines.map(({ message }) => message)

const countOf = (server: ServerProcess, message: string): number =>
  messages(server).filter((said) => said === message).length

describe.concurrent('a cluster whose primary hands SIGTERM on', () => {
  it('answers everything, drains each worker once, and every worker exits with 0', async () => {
    const cluster = await startProcess({ drain: quick }, { WORKERS: '3' }, 'cluster.mjs')
    const clients = await Promise.all(Array.from({ length: 12 }, () => openRaw(cluster.port)))
    for (const client of clients) client.send(request())
    await sleep(100)
    cluster.kill('SIGTERM')
    await Promise.all(clients.map((client) => client.sees('done')))
    const { codes } = await cluster.says('workers ended')
    expect(codes).toEqual([0, 0, 0])
    expect(await cluster.exited).toBe(0)
    expect(countOf(cluster, 'draining')).toBe(3)
    expect(countOf(cluster, 'signal')).toBe(6)
    const executed = cluster.lines.filter(({ message }) => message === 'exit')
    expect(executed.reduce((sum, line) => sum + Number(line['executed']), 0)).toBe(12)
  })

  it('loses no connection that the primary was about to hand out', async () => {
    const drain = { ...quick, notice: 1_000 }
    const cluster = await startProcess({ drain }, { WORKERS: '2' }, 'cluster.mjs')
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => openRaw(cluster.port).catch(() => undefined)),
    )
    cluster.kill('SIGTERM')
    const open = clients.filter((client) => client !== undefined)
    for (const client of open) client.send(request())
    const ends = await Promise.all(open.map((client) => client.closed))
    await cluster.exited
    const answered = open.filter((client) => client.received().endsWith('done')).length
    expect(ends.filter((end) => end !== 'clean')).toEqual([])
    expect(answered).toBe(open.length)
  })
})

describe.concurrent('a server in a worker thread', () => {
  it('is drained by a hook of the main thread, which gets the signal', async () => {
    const server = await startProcess({ drain: quick }, {}, 'thread.mjs')
    const client = await openRaw(server.port)
    client.send(request())
    await sleep(100)
    server.kill('SIGTERM')
    await client.sees('done')
    expect(client.received()).toContain('Connection: close')
    expect(await server.exited).toBe(0)
    const stopped = server.lines.find(({ message }) => message === 'thread stopped')
    expect(stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })
})

describe.concurrent('an event loop that is blocked when SIGTERM comes', () => {
  it('drains afterwards: what waited is answered, with readiness red before the listener closes', async () => {
    const server = await startProcess(
      { drain: { notice: 500, quiet: 50, deadline: '20s' } },
      {},
      'trouble.mjs',
    )
    const [blocking, waiting] = [await openRaw(server.port), await openRaw(server.port)]
    blocking.send(request('/block'))
    await server.says('blocked')
    server.kill('SIGTERM')
    waiting.send(request('/readyz'))
    const newcomers = await Promise.all(Array.from({ length: 20 }, () => openRaw(server.port)))
    for (const client of newcomers) client.send(request('/livez'))
    await Promise.all([blocking, waiting, ...newcomers].map((client) => client.ended))
    expect(blocking.received()).toMatch(/done$/)
    expect(newcomers.filter((client) => client.received().includes('200 OK'))).toHaveLength(20)
    expect(await server.exited).toBe(0)
    expect(messages(server).indexOf('draining')).toBeLessThan(
      messages(server).indexOf('closing listener'),
    )
    expect(countOf(server, 'draining')).toBe(1)
  })
})

describe.concurrent('an exception that nobody catches', () => {
  it.each(['/throw', '/reject'])(
    'in the drain (%s) cuts nothing and gives code 72',
    async (path) => {
      const server = await startProcess({ drain: quick }, {}, 'trouble.mjs')
      const [bad, good] = [await openRaw(server.port), await openRaw(server.port)]
      good.send(request('/slow'))
      bad.send(request(path))
      await sleep(100)
      server.kill('SIGTERM')
      await good.sees('done')
      expect(await server.exited).toBe(72)
      expect(server.lines.find(({ message }) => message === 'stopped')).toMatchObject({
        outcome: 'crashed',
        uncaught: 1,
        completed: 2,
      })
      expect(messages(server)).toContain('uncaught exception in the drain')
      expect(messages(server)).toContain('flushed')
    },
  )

  it('is left to an application that deals with exceptions itself', async () => {
    const server = await startProcess({ drain: quick }, { CATCHES: 'yes' }, 'trouble.mjs')
    const client = await openRaw(server.port)
    client.send(request('/throw'))
    await sleep(100)
    server.kill('SIGTERM')
    await client.sees('done')
    expect(await server.exited).toBe(0)
    expect(messages(server)).toContain('caught')
  })

  it('still ends the process before a drain', async () => {
    const server = await startProcess({ drain: quick }, {}, 'trouble.mjs')
    const client = await openRaw(server.port)
    client.send(request('/throw'))
    expect(await server.exited).toBe(1)
    expect(messages(server)).not.toContain('draining')
  })
})

describe.concurrent('a process that has nothing left to do', () => {
  it('runs its hooks, without a notice, before it ends', async () => {
    const drain = { notice: '10m', quiet: 50, deadline: '20m' }
    const server = await startProcess({ drain }, { EMPTY: 'yes' }, 'trouble.mjs')
    expect(await server.exited).toBe(0)
    expect(server.lines.find(({ message }) => message === 'stopped')).toMatchObject({
      reason: 'beforeExit',
      outcome: 'clean',
    })
    expect(countOf(server, 'flushed')).toBe(1)
  })

  it('shows in its exit code that a hook failed', async () => {
    const env = { EMPTY: 'yes', FAIL_HOOK: 'yes' }
    const server = await startProcess({ drain: quick }, env, 'trouble.mjs')
    expect(await server.exited).toBe(71)
  })

  it('ends with the worst code of several lifecycles, also when that one stops last', async () => {
    const server = await startProcess({}, {}, 'empty-lifecycles.mjs')
    expect(await server.exited).toBe(71)
  })

  it('runs none with exit: false', async () => {
    const env = { EMPTY: 'yes' }
    const server = await startProcess({ drain: quick, exit: false }, env, 'trouble.mjs')
    expect(await server.exited).toBe(0)
    expect(messages(server)).not.toContain('flushed')
  })
})
