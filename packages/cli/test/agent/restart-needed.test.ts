import { memoryRouter } from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import { restartNeeded } from '../../src/agent/restart-needed.ts'
import type { AgentConfig } from '../../src/config/agent-config.ts'
import { checkConfig } from '../../src/config/check-config.ts'

const SHOP = { command: ['node'], replicas: 1, port: 8080 }

function configOf(own: object): AgentConfig {
  const checked = checkConfig({ services: { shop: SHOP }, ...own }, '/srv/changeover.config.mjs')
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems))
  return { ...checked.config, blame: (_, make) => make() }
}

describe('A restart', () => {
  const hook = async (): Promise<void> => undefined

  it.each<[string, object]>([
    ['services.shop.port', { services: { shop: { ...SHOP, port: 8081 } } }],
    ['services.shop.port', { services: { shop: { ...SHOP, host: '::1' } } }],
    [
      'services.shop.router',
      { services: { shop: { ...SHOP, router: { limits: { inFlight: 1 } } } } },
    ],
    ['store', { store: { file: { directory: 'elsewhere' } } }],
    ['router', { router: { embedded: { directory: 'elsewhere' } } }],
    ['router', { router: memoryRouter(), services: { shop: { command: ['node'], replicas: 1 } } }],
    ['fleet', { fleet: { ports: { from: 21_000, to: 22_000 } } }],
    ['metrics', { metrics: { prometheus: { url: 'http://127.0.0.1:9090', indicators: {} } } }],
    ['leaseTtl', { leaseTtl: '3s' }],
    ['logLevel', { logLevel: 'debug' }],
    ['http', { http: { port: 0 } }],
    ['the names of hooks', { hooks: { smoke: hook } }],
  ])('is needed for a change of %s: %j', (field, change) => {
    expect(restartNeeded(configOf({}), configOf(change))[0]).toBe(field)
  })

  it.each<object>([
    {},
    {
      services: {
        shop: { ...SHOP, replicas: 9, command: ['deno'], strategy: { rolling: { maxSurge: 1 } } },
      },
    },
    { services: { mail: SHOP } },
    { notifiers: { chat: { command: ['tell'] } } },
  ])('is not needed for any other: %j', (change) => {
    expect(restartNeeded(configOf({}), configOf(change))).toEqual([])
  })

  it('is not needed for hooks of the same names, nor for ports that are made anew with each load', () => {
    const made = (): object => ({
      hooks: { smoke: async () => undefined },
      router: memoryRouter(),
      services: { shop: { command: ['node'], replicas: 1 } },
    })
    expect(restartNeeded(configOf(made()), configOf(made()))).toEqual([])
  })
})
