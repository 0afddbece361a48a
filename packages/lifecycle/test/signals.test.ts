import { describe, expect, it } from 'vitest'

import { decideSignal } from '../src/signals.ts'
import { sleep } from './harness.ts'
import { count, openRaw, request } from './raw-client.ts'
import { startProcess } from './server-process.ts'

const quick = { notice: 0, quiet: 50, deadline: '20s' }

async function statusOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  await response.arrayBuffer()
  return response.status
}

describe.concurrent('SIGTERM', () => {
  it('turns readiness red at once, leaves liveness green, and exits with 0', async () => {
    const server = await startProcess({ drain: { notice: 1_000, quiet: 50, deadline: '20s' } })
    expect(await statusOf(server.port, '/readyz')).toBe(200)
    server.kill('SIGTERM')
    await server.says('draining')
    const states = ['/readyz', '/livez', '/startupz'].map((path) => statusOf(server.port, path))
    expect(await Promise.all(states)).toEqual([503, 200, 200])
    expect(await server.exited).toBe(0)
    expect(server.lines.map(({ message }) => message)).toEqual([
      'listening',
      'signal',
      'draining',
      'closing listener',
      'drained',
      'stopped',
      'exit',
    ])
  })

  it('lets a request of one second end', async () => {
    const server = await startProcess({ drain: quick })
    const client = await openRaw(server.port)
    client.send(request('/?ms=1000'))
    await sleep(100)
    server.kill('SIGTERM')
    await client.ended
    expect(client.received()).toMatch(/Connection: close\r\n[^]*done/)
    expect(await server.exited).toBe(0)
  })

  it('drains a process that never became ready', async () => {
    const server = await startProcess({ drain: quick }, { NOT_READY: 'yes' })
    expect(await statusOf(server.port, '/startupz')).toBe(503)
    const client = await openRaw(server.port)
    client.send(request('/?ms=500'))
    await sleep(100)
    server.kill('SIGTERM')
    await client.sees('done')
    expect(await server.exited).toBe(0)
  })

  it('ends with 70 when a response outlives the deadline, and says so', async () => {
    const server = await startProcess({ drain: { notice: 0, quiet: 0, deadline: 500 } })
    const client = await openRaw(server.port)
    client.send(request('/endless'))
    await client.sees('begin')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(70)
    expect(await server.says('stopped').catch(() => server.lines.at(-2))).toMatchObject({
      outcome: 'forced',
      forced: 1,
      reason: 'SIGTERM',
    })
  })

  it('ends with 71 when a hook fails, and when one does not end in time', async () => {
    const failing = await startProcess({ drain: quick }, { FAIL_HOOK: 'yes' })
    const hanging = await startProcess(
      { drain: { notice: 0, quiet: 0, deadline: 200 } },
      { HANG_HOOK: 'yes' },
    )
    for (const server of [failing, hanging]) server.kill('SIGTERM')
    expect(await Promise.all([failing.exited, hanging.exited])).toEqual([71, 71])
  })

  it('leaves the process alive with exit: false', async () => {
    const server = await startProcess({ drain: quick, exit: false })
    server.kill('SIGTERM')
    // Nothing holds the event loop any more, so the process ends by itself.
    expect(await server.exited).toBe(0)
    expect(server.lines.at(-2)).toMatchObject({ message: 'stopped' })
  })

  it('stops every lifecycle of the process before it exits', async () => {
    const both = await startProcess({}, {}, 'two-lifecycles.mjs')
    both.kill('SIGTERM')
    expect(await both.exited).toBe(71)
    expect(both.lines.at(-1)).toMatchObject({ states: ['stopped', 'stopped'] })
  })
})

describe.concurrent('a second signal', () => {
  it('is ignored by default', async () => {
    const server = await startProcess({ drain: quick })
    const client = await openRaw(server.port)
    client.send(request('/?ms=800'))
    await sleep(100)
    server.kill('SIGTERM')
    await server.says('draining')
    server.kill('SIGINT')
    await client.sees('done')
    expect(await server.exited).toBe(0)
    expect(count(server.lines.map(({ message }) => message).join(), 'signal')).toBe(2)
  })

  it('ends a long notice with hasten, but not the requests', async () => {
    const server = await startProcess({
      drain: { notice: '10m', quiet: 50, deadline: '20m' },
      secondSignal: 'hasten',
    })
    const client = await openRaw(server.port)
    client.send(request('/?ms=800'))
    await sleep(100)
    server.kill('SIGTERM')
    await server.says('draining')
    server.kill('SIGTERM')
    await client.sees('done')
    expect(await server.exited).toBe(0)
  })

  it('brings the deadline near with hasten', async () => {
    const server = await startProcess({
      drain: { notice: 0, quiet: 50, deadline: '20m' },
      secondSignal: 'hasten',
    })
    const client = await openRaw(server.port)
    client.send(request('/endless'))
    await client.sees('begin')
    server.kill('SIGTERM')
    await server.says('draining')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(70)
  })

  it('exits at once with exit, code 70', async () => {
    const server = await startProcess({
      drain: { ...quick, deadline: '20m' },
      secondSignal: 'exit',
    })
    const client = await openRaw(server.port)
    client.send(request('/endless'))
    await client.sees('begin')
    server.kill('SIGTERM')
    await server.says('draining')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(70)
    expect(server.lines.some(({ message }) => message === 'stopped')).toBe(false)
  })

  it('means nothing as long as it is the first', () => {
    for (const policy of ['ignore', 'hasten', 'exit'] as const) {
      expect(decideSignal(policy, 0)).toBe('drain')
      expect(decideSignal(policy, 1)).toBe(policy)
    }
  })
})
