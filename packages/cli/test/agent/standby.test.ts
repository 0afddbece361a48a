import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { type AgentHome, makeHome, shop } from './agent-process.ts'
import { callSocket, deployed, serviceOf } from './call-socket.ts'

describe('An agent beside another one with the same instances', { timeout: 120_000 }, () => {
  let home: AgentHome
  let agents: Agent[]
  beforeEach(() => {
    home = makeHome()
    agents = []
    const at = (name: string): object => ({ directory: join(home.folder, name) })
    home.writeConfig({
      services: {
        shop: shop(home.folder, {
          strategy: { rolling: { minReady: '1s', maxSurge: 1, maxUnavailable: 0 } },
        }),
      },
      fleet: at('fleet'),
      router: { embedded: at('router') },
      store: { file: at('store') },
      leaseTtl: '2s',
    })
  })
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.close()))
    await home.close()
  })

  it('stands by: it tells and refuses, and takes over with what is under way when the other one is killed', async () => {
    const first = await home.start({ directory: join(home.folder, 'one') })
    const url = await first.url()
    await first.deploy('1.0.0')
    let log = ''
    const second = await startAgent({
      directory: join(home.folder, 'two'),
      config: home.config,
      log: { write: (line) => (log += line) },
    })
    agents.push(second)
    const socket = join(home.folder, 'two', 'agent.sock')
    expect(second.view().state).toBe('standby')
    expect(await serviceOf(socket, 'shop')).toMatchObject({ current: { id: '1.0.0' } })
    const refused = await callSocket(socket, 'POST', '/services/shop/deploy', {
      id: 'no',
      version: '2',
    })
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'CHANGEOVER_CONSOLE_STANDBY' } },
    })

    const { body } = await first.call('POST', '/services/shop/deploy', {
      id: 'two',
      version: '2.0.0',
    })
    await vi.waitFor(() => expect(first.text()).toContain('"type":"launch-intended"'), 30_000)
    await first.kill('SIGKILL')
    await vi.waitFor(() => expect(second.view().state).toBe('active'), 60_000)
    await vi.waitFor(
      async () => expect((await serviceOf(socket, 'shop')).current?.id).toBe('2.0.0'),
      {
        timeout: 60_000,
        interval: 100,
      },
    )
    expect(await deployed(socket, 'shop')).toMatchObject({ id: body['id'], outcome: 'promoted' })
    expect(await (await fetch(url)).text()).toBe('2.0.0 0')
    expect(log).toContain('took over from an agent that is gone')
  })
})
