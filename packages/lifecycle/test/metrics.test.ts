import { once } from 'node:events'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'

import { Counter, Gauge, register as globalRegistry, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'

import { createLifecycle, METRICS } from '../src/index.ts'
import type { LifecycleOptions } from '../src/index.ts'
import { createTlsServer, listen, quick, sleep, start } from './harness.ts'
import { openRaw, request } from './raw-client.ts'

/** The values of a scrape, by metric with labels. */
async function scrape(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice('changeover_lifecycle_'.length, at), Number(line.slice(at + 1))]
    }),
  )
}

const entries = Object.entries(METRICS)

describe('The metrics', () => {
  it.each(entries)('%s have a name with a unit, and help that is a sentence', (key, entry) => {
    expect(entry.name).toBe(`changeover_lifecycle_${key}`)
    expect(entry.name).toMatch(/^[a-z]+(?:_[a-z]+)+$/)
    expect(entry.help).toMatch(/^[A-Z0-9].{15,}\.$/)
    expect(entry.name.endsWith('_total')).toBe(entry.type === 'counter')
    expect(entry.name).not.toMatch(/_(?:ms|millis|milliseconds|minutes|kb)(?:_|$)/)
    expect(/duration|delay/.test(entry.name)).toBe(entry.name.endsWith('_seconds'))
    for (const label of entry.labels) expect(label).toMatch(/^[a-z]+$/)
  })

  it('are those that a registry gets, and the global registry gets none', async () => {
    const registry = new Registry()
    await using lifecycle = createLifecycle({ signals: [], drain: quick, registry })
    const metrics = await registry.getMetricsAsJSON()
    const found = metrics.map(({ name, help }) => ({ name, help }))
    expect(found).toEqual(entries.map(([, { name, help }]) => ({ name, help })))
    expect(await globalRegistry.getMetricsAsJSON()).toEqual([])
    expect(lifecycle.state).toBe('starting')
  })
})

describe('lifecycle metrics', () => {
  it('tell the state, the requests in flight and the connections, and what the drain did', async () => {
    const registry = new Registry()
    const waiting: (() => void)[] = []
    const { lifecycle, port } = await start(
      (message, response) => {
        if (message.url === '/slow') waiting.push(() => response.end('done'))
        else response.end('done')
      },
      { registry },
    )
    const busy = await openRaw(port)
    const idle = await openRaw(port)
    busy.send(request('/slow'))
    idle.send(request())
    await idle.sees('done')
    const serving = await scrape(registry)
    expect([serving.get('state{state="ready"}'), serving.get('state{state="draining"}')]).toEqual([
      1, 0,
    ])
    expect(serving.get('in_flight_requests')).toBe(1)
    expect(serving.get('connections{kind="http1"}')).toBe(2)
    expect(serving.get('drain_duration_seconds')).toBe(0)
    const stopped = lifecycle.shutdown()
    await sleep(100)
    const draining = await scrape(registry)
    expect(draining.get('state{state="draining"}')).toBe(1)
    expect(draining.get('drain_duration_seconds')).toBeGreaterThan(0.05)
    for (const answer of waiting) answer()
    await stopped
    const after = await scrape(registry)
    expect(after.get('drain_completed_total')).toBe(1)
    expect(after.get('in_flight_requests')).toBe(0)
    expect(after.get('connections{kind="http1"}')).toBe(0)
    expect((await scrape(registry)).get('drain_duration_seconds')).toBe(
      after.get('drain_duration_seconds'),
    )
  })

  it('count what was cut at the deadline', async () => {
    const registry = new Registry()
    const drain = { notice: 0, quiet: 10, deadline: 300 }
    const { lifecycle, port } = await start(() => {}, { registry, drain })
    const client = await openRaw(port)
    client.send(request())
    await sleep(50)
    expect((await lifecycle.shutdown()).forced).toBe(1)
    expect((await scrape(registry)).get('drain_forced_total')).toBe(1)
  })

  it('tell HTTP/2 and upgraded connections from the others', async () => {
    const registry = new Registry()
    const modern = createHttp2Server(() => {})
    const { lifecycle, server, port } = await start((_, response) => response.end(), { registry })
    server.on('upgrade', (_, socket: Socket) => {
      socket.on('data', () => socket.end())
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    })
    lifecycle.attach(modern)
    const session = connectHttp2(`http://127.0.0.1:${await listen(modern)}`)
    await once(session, 'remoteSettings')
    const stream = session.request({ ':path': '/' })
    await once(modern, 'stream')
    const client = await openRaw(port)
    client.send(request('/', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
    await client.sees('101')
    const values = await scrape(registry)
    const kinds = ['http1', 'http2', 'upgraded', 'handshake']
    expect(kinds.map((kind) => values.get(`connections{kind="${kind}"}`))).toEqual([0, 1, 1, 0])
    expect(values.get('in_flight_requests')).toBe(1)
    stream.close()
    session.close()
    client.send('bye')
    await lifecycle.close()
  })

  it('tell TLS handshakes from connections', async () => {
    const registry = new Registry()
    const server = createTlsServer((_, response) => response.end('done'))
    const { lifecycle, port } = await start(() => {}, { registry }, server)
    const silent = createConnection(port, '127.0.0.1')
    await new Promise((resolve) => server.once('connection', resolve))
    expect((await scrape(registry)).get('connections{kind="handshake"}')).toBe(1)
    silent.destroy()
    await lifecycle.close()
  })

  it('tell each check and how long it took', async () => {
    const registry = new Registry()
    const run = (): Promise<void> => sleep(20)
    const checks = {
      good: { run },
      bad: { run: () => Promise.reject(new Error('no')), failAfter: 1 },
    }
    await using lifecycle = createLifecycle({ signals: [], drain: quick, registry, checks })
    expect(lifecycle.state).toBe('starting')
    await sleep(200)
    const values = await scrape(registry)
    expect(values.get('check_status{check="good"}')).toBe(1)
    expect(values.get('check_status{check="bad"}')).toBe(0)
    expect(values.get('check_duration_seconds{check="good"}')).toBeGreaterThan(0.01)
  })

  it('tell how late the event loop was since the last scrape', async () => {
    const registry = new Registry()
    await using lifecycle = createLifecycle({ signals: [], drain: quick, registry })
    expect(lifecycle.state).toBe('starting')
    await sleep(100)
    const until = performance.now() + 400
    while (performance.now() < until);
    await sleep(100)
    const worst = (await scrape(registry)).get('event_loop_delay_seconds{quantile="1"}')
    expect(worst).toBeGreaterThan(0.3)
    expect((await scrape(registry)).get('event_loop_delay_seconds{quantile="1"}')).toBeLessThan(0.3)
  })

  it('of lifecycles that share a registry are added up', async () => {
    const registry = new Registry()
    const options: LifecycleOptions = { signals: [], drain: quick, registry }
    await using first = createLifecycle(options)
    await using second = createLifecycle(options)
    expect([first.state, second.state]).toEqual(['starting', 'starting'])
    expect((await scrape(registry)).get('state{state="starting"}')).toBe(2)
  })

  it('come back to a registry that was cleared', async () => {
    const registry = new Registry()
    await createLifecycle({ signals: [], drain: quick, registry }).close()
    registry.clear()
    await createLifecycle({ signals: [], drain: quick, registry }).close()
    expect((await scrape(registry)).get('state{state="stopped"}')).toBe(2)
  })

  it('refuse a name that somebody else took, before anything starts', () => {
    const registry = new Registry()
    const taken = { name: 'changeover_lifecycle_state', help: 'x', registers: [registry] }
    expect(new Gauge(taken)).toBeDefined()
    const listeners = process.listenerCount('SIGTERM')
    expect(() => createLifecycle({ registry })).toThrow('changeover_lifecycle_state')
    expect(process.listenerCount('SIGTERM')).toBe(listeners)
    expect(registry.getMetricsAsArray()).toHaveLength(1)
  })
})

describe('/metrics', () => {
  it('is answered where there is a registry, in its format, and not cached with the probes', async () => {
    const registry = new Registry()
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] }).inc(3)
    const { lifecycle, port } = await start(
      (message, response) => {
        lifecycle.handler(message, response)
      },
      { registry },
    )
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(answer.headers.get('content-type')).toBe(registry.contentType)
    const text = await answer.text()
    expect(text).toContain('orders_total 3')
    expect(text).toContain('changeover_lifecycle_state{state="ready"} 1')
    await lifecycle.close()
  })

  it('says 500 when a metric of the application fails', async () => {
    const registry = new Registry()
    const collect = (): never => {
      throw new Error('broken')
    }
    expect(new Gauge({ name: 'broken', help: 'x', collect, registers: [registry] })).toBeDefined()
    await using lifecycle = createLifecycle({ signals: [], drain: quick, registry })
    const answer = await lifecycle.fetch(new Request('http://localhost/metrics'))
    expect(answer?.status).toBe(500)
  })

  it('belongs to the application where there is none', async () => {
    await using lifecycle = createLifecycle({ signals: [], drain: quick })
    expect(await lifecycle.fetch(new Request('http://localhost/metrics'))).toBeUndefined()
  })
})
