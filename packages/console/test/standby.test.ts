import { afterEach, describe, expect, it } from 'vitest'
import type { AgentView } from '../src/api/index.ts'
import { openWorld, type World } from './server/console-world.ts'

let world: World
let state: AgentView['state']

afterEach(() => world[Symbol.asyncDispose]())

describe('An agent that stands by', () => {
  it('begins nothing, tells what there is, and begins when it takes over', async () => {
    state = 'standby'
    const describeAgent = (): AgentView => ({ state }) as AgentView
    const agent = {
      describe: describeAgent,
      reload: async () => describeAgent(),
      logs: async () => '',
    }
    world = await openWorld({ agent })
    const deploy = { as: 'operator', method: 'POST', body: { id: 'd1', version: '1' } } as const
    const refused = await world.ask('/api/v1/services/shop/deploy', deploy)
    expect([refused.status, refused.json.error.code]).toEqual([503, 'CHANGEOVER_CONSOLE_STANDBY'])
    const back = { as: 'operator', method: 'POST', body: { id: 'b1' } } as const
    const rollback = await world.ask('/api/v1/services/shop/rollback', back)
    expect(rollback.json.error.code).toBe('CHANGEOVER_CONSOLE_STANDBY')
    expect((await world.ask('/api/v1/services', { as: 'viewer' })).status).toBe(200)
    expect(await world.store.rollouts()).toEqual([])
    state = 'active'
    // The id is free again: nothing came of it.
    expect((await world.ask('/api/v1/services/shop/deploy', deploy)).status).toBe(201)
  })
})
