import { routerConformance } from '@changeover/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type DetachedRouters, detachedRouters } from '../../../../../test/routers/node-process.ts'

describe('the node router as its own process', () => {
  // One process for all cases, each with a service of its own: to start it takes longer than most of them do.
  const services = Array.from({ length: 200 }, (_, i) => `shop-${i}`)
  let routers: DetachedRouters
  let next = 0

  beforeAll(async () => {
    routers = await detachedRouters(services)
  })
  afterAll(() => routers.close())

  routerConformance({ test, create: () => routers.front(services[next++] ?? 'too many cases') })
})
