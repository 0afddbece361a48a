import { createServer, type Server } from 'node:http'
import type { Release } from '@changeover/engine'

/** What a release of the shop is made of: all that the fleet needs to run it, as data. */
export interface ShopSpec {
  /** Every so many orders go wrong. @default none */
  readonly failsEvery?: number
}

/** One instance of the shop. */
export function shopServer({ version, spec }: Release): Server {
  const failsEvery = isShopSpec(spec) ? spec.failsEvery : undefined
  let orders = 0
  return createServer((request, response) => {
    if (request.url === '/readyz') return void response.end('ready')
    orders += 1
    response.writeHead(failsEvery && orders % failsEvery === 0 ? 500 : 200).end(version)
  })
}

function isShopSpec(spec: unknown): spec is ShopSpec {
  return typeof spec === 'object' && spec !== null && 'failsEvery' in spec
}
