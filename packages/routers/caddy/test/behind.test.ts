import type { RouteTable } from '@changeover/engine'
import { cutoverLoad } from '@changeover/testing'
import { describe, expect, it } from 'vitest'
import { programs } from '../../../../test/debian-packages.ts'
import { caddyBehind } from '../../../../test/routers/caddy-behind.ts'
import { namedBackend } from './named-backend.ts'

const found = await programs({ command: 'caddy', package: 'caddy' })
const CUTOVERS = 20

describe.skipIf(!found)('A Caddy before a router whose tables it knows nothing of', () => {
  it(`cuts and misses no request in ${CUTOVERS} cutovers, on connections used again and on new ones`, async () => {
    const behind = await caddyBehind()
    if (!behind) throw new Error('there is no caddy')
    const [blue, green] = [await namedBackend('blue'), await namedBackend('green')]
    const { router, service, url } = behind
    try {
      const report = await cutoverLoad({
        url,
        cutovers: CUTOVERS,
        requestsPerCutover: 100,
        keepAlive: 16,
        fresh: 4,
        step: (n) => {
          const { release, address } = n % 2 ? blue : green
          const pools = [{ release, weight: 10_000, instances: [{ id: release, address }] }]
          const table: RouteTable = { service, revision: n + 1, fence: 1, pools }
          const receipt = router.apply(table)
          return {
            release,
            apply: () => receipt,
            converge: async () => router.converge(await receipt, { deadline: 10_000 }),
          }
        },
      })
      expect(report).toMatchObject({ failed: 0, late: 0 })
      expect(report.sent).toBeGreaterThan(CUTOVERS * 100)
    } finally {
      await Promise.all([blue.close(), green.close(), behind.close()])
    }
  })
})
