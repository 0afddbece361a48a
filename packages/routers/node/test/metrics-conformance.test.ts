import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { routerMetrics } from '@changeover/engine'
import { nodeRouter } from '@changeover/router-node'
import { metricsConformance, type MetricsSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'

describe("the router's own counts", () => {
  metricsConformance({ test, create: subject })

  test('give slow requests over a bound that the router counts, and refuse others', async () => {
    const { metrics, close } = await subject()
    try {
      await metrics.check?.({ indicator: 'slow', overMs: 300, service: 'shop' })
      const odd = { indicator: 'slow', overMs: 317, service: 'shop' }
      await expect(metrics.check?.(odd)).rejects.toThrow('317 ms')
    } finally {
      await close()
    }
  })
})

/** A real router in front of two real servers; a header says which release a request is for. */
async function subject(): Promise<MetricsSubject> {
  const releases = ['v2', 'v1'] as const
  const backends = await Promise.all(releases.map(startBackend))
  const router = nodeRouter({ listeners: { shop: { port: 0 } } })
  await router.listen()
  let revision = 0
  /** All weight on one release. */
  const route = async (wanted: string): Promise<void> => {
    const pools = backends.map(({ release, address }) => ({
      release,
      weight: release === wanted ? 10_000 : 0,
      instances: [{ id: `shop-${release}`, address }],
    }))
    revision += 1
    const receipt = await router.apply({ service: 'shop', revision, fence: 1, pools })
    await router.converge(receipt, { deadline: 5_000 })
  }
  await route('v1')
  let cut = false
  const metrics = routerMetrics({
    ...router,
    traffic: (...call) => (cut ? Promise.reject(new Error('cut')) : router.traffic(...call)),
  })
  return {
    metrics,
    service: 'shop',
    releases,
    counts: { indicator: 'errors' },
    async serve(release, { total, bad }) {
      await route(release)
      for (let i = 0; i < total; i += 1) {
        const answer = await fetch(`${router.url('shop')}/${i < bad ? 'bad' : ''}`)
        await answer.arrayBuffer()
      }
    },
    silence: async () => {
      cut = true
    },
    async close() {
      await router.close()
      await Promise.all(backends.map(({ server }) => stop(server)))
    },
  }
}

async function startBackend(
  release: string,
): Promise<{ release: string; address: string; server: Server }> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/bad' ? 500 : 200).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { release, address: `127.0.0.1:${address.port}`, server }
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
