import { createServer } from 'node:http'
import { fleetConformance, type ReleaseKind, routerConformance } from '@changeover/testing'
import { describe, test } from 'vitest'
import { localFleet } from '../src/local-fleet.ts'
import { tinyRouter } from '../src/tiny-router.ts'

describe('the router of the example', () => {
  routerConformance({
    test,
    create: async () => {
      const router = tinyRouter('shop')
      await router.listen()
      // With a `url` the suite sends requests too, a hundred traps of HTTP among them: those are for `nodeRouter`.
      return { router, service: 'shop', close: () => router.close() }
    },
  })
})

describe('the fleet of the example', () => {
  fleetConformance({
    test,
    create: async () => {
      let running = 0
      const fleet = localFleet(({ id }) => {
        const status = id === 'ready' ? 200 : 503
        const server = createServer((_, response) => response.writeHead(status).end(id))
        server.once('listening', () => (running += 1)).once('close', () => (running -= 1))
        if (id === 'exits') server.once('listening', () => setTimeout(() => server.close(), 10))
        return server
      })
      const release = (kind: ReleaseKind) => ({ id: kind, version: '1.0.0', spec: {} })
      return {
        fleet,
        service: 'shop',
        release,
        running: async () => running,
        close: () => fleet.close(),
      }
    },
  })
})
