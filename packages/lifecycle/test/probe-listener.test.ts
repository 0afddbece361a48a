import { createServer } from 'node:http'

import { describe, expect, it } from 'vitest'

import { createLifecycle } from '../src/index.ts'
import { listen, quick, sleep, start } from './harness.ts'
import { startProcess } from './server-process.ts'

interface Asked {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly ms: number
}

async function ask(port: number, path = '/livez'): Promise<Asked> {
  const startedAt = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  const text = await answer.text()
  const body = (text === '' ? {} : JSON.parse(text)) as Asked['body']
  return { status: answer.status, body, ms: performance.now() - startedAt }
}

const kinds = [
  ['of the main loop', {}],
  ['in a thread', { liveness: { thread: true, stuckAfter: '5s' } }],
] as const

describe.each(kinds)('a listener %s for probes alone', (_, options) => {
  it('answers probes and nothing else, until the drain is over', async () => {
    let release = (): void => {}
    const { lifecycle, port } = await start(
      (request, response) => {
        if (request.url === '/slow') release = () => response.end('slow')
        else response.end('application')
      },
      { probes: { port: 0 }, ...options },
    )
    const probes = (await lifecycle.probesAddress())?.port ?? 0
    expect((await ask(probes)).status).toBe(200)
    expect((await ask(probes, '/readyz')).body).toMatchObject({ status: 'pass', output: 'ready' })
    expect((await ask(probes, '/app')).status).toBe(404)
    const head = await fetch(`http://127.0.0.1:${probes}/readyz`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])

    const slow = fetch(`http://127.0.0.1:${port}/slow`)
    await sleep(50)
    const stopped = lifecycle.shutdown()
    await sleep(200)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
    expect((await ask(probes, '/readyz')).status).toBe(503)
    expect((await ask(probes, '/livez')).status).toBe(200)
    release()
    expect(await (await slow).text()).toBe('slow')
    expect((await stopped).outcome).toBe('clean')
    await expect(fetch(`http://127.0.0.1:${probes}/livez`)).rejects.toThrow('fetch failed')
  })

  it('says with a code that its port is taken', async () => {
    const other = createServer()
    const port = await listen(other)
    const lifecycle = createLifecycle({ signals: [], drain: quick, probes: { port }, ...options })
    await expect(lifecycle.probesAddress()).rejects.toMatchObject({
      code: 'CHANGEOVER_LIFECYCLE_PROBES_FAILED',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    await lifecycle.close()
    other.close()
  })
})

describe('liveness from a thread', () => {
  const drain = { notice: 0, quiet: 50, deadline: '20s' }
  const liveness = { thread: true, stuckAfter: '1s' }
  const options = { drain, liveness, probes: { port: 0 } }

  it('tells how long the event loop has been stuck, and recovers with it', async () => {
    const server = await startProcess(options, {}, 'stuck.mjs')
    const probes = Number((await server.says('listening'))['probes'])
    expect((await ask(probes)).status).toBe(200)
    await fetch(`http://127.0.0.1:${server.port}/?ms=4000`)
    await sleep(2_000)
    const stuck = await ask(probes)
    expect(stuck.status).toBe(503)
    const [found] = (stuck.body['checks'] as { eventLoop: { observedValue: number }[] }).eventLoop
    expect(found?.observedValue).toBeGreaterThan(1_000)
    expect((await ask(probes, '/readyz')).status).toBe(503)
    await sleep(3_000)
    expect((await ask(probes)).status).toBe(200)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  it('passes while a process computes during its start-up', async () => {
    const server = await startProcess(options, { NOT_READY: '1' }, 'stuck.mjs')
    const probes = Number((await server.says('listening'))['probes'])
    await fetch(`http://127.0.0.1:${server.port}/?ms=4000`)
    await sleep(2_000)
    const answer = await ask(probes)
    expect(answer.status).toBe(200)
    expect(answer.body['output']).toContain('stuck for')
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  })

  it('needs a port of its own', () => {
    expect(() => createLifecycle({ signals: [], liveness })).toThrow('probes: { port: 9000 }')
  })
})
