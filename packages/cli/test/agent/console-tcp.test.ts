import { join } from 'node:path'
import { createToken, fileTokens } from '@changeover/console'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { type AgentHome, makeHome, shop } from './agent-process.ts'

describe('The console of an agent over TCP', { timeout: 60_000 }, () => {
  let home: AgentHome
  let agents: Agent[]
  let log: string
  beforeEach(() => {
    home = makeHome()
    agents = []
    log = ''
  })
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.close()))
    await home.close()
  })

  const start = async (config: object): Promise<string> => {
    home.writeConfig({ services: { shop: shop(home.folder) }, ...config })
    const write = (line: string): string => (log += line)
    agents.push(
      await startAgent({ directory: join(home.folder, 'a'), config: home.config, log: { write } }),
    )
    return /http:\/\/127\.0\.0\.1:\d+(?=")/.exec(log)?.[0] ?? ''
  }

  it('lets in whoever has a token, and nobody else', async () => {
    const url = await start({ http: { port: 0 } })
    const ask = (token?: string): Promise<Response> =>
      fetch(
        `${url}/api/v1/agent`,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      )
    expect((await ask()).status).toBe(401)
    expect((await ask('made-up')).status).toBe(401)
    const { token, stored } = createToken({ name: 'ann', role: 'viewer' })
    await fileTokens({ path: join(home.folder, 'a', 'tokens.json') }).add(stored)
    const answer = await ask(token)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ state: 'active', services: ['shop'] })
    expect(log).not.toContain(token)
    const metrics = (own: Record<string, string>): Promise<Response> =>
      fetch(`${url}/metrics`, { headers: own })
    expect((await metrics({})).status).toBe(401)
    const read = await metrics({ authorization: `Bearer ${token}` })
    expect(await read.text()).toMatch(/^# TYPE changeover_/m)
  })

  it('that cannot listen keeps the agent from starting, and nothing is left behind', async () => {
    const url = await start({ http: { port: 0 } })
    const { port } = new URL(url)
    home.writeConfig({ services: { shop: shop(home.folder) }, http: { port: Number(port) } })
    const second = startAgent({
      directory: join(home.folder, 'b'),
      config: home.config,
      log: { write: () => true },
    })
    await expect(second).rejects.toMatchObject({ code: 'CHANGEOVER_AGENT_LISTEN_FAILED' })
    home.writeConfig({ services: { shop: shop(home.folder) } })
    const third = await startAgent({
      directory: join(home.folder, 'b'),
      config: home.config,
      log: { write: () => true },
    })
    agents.push(third)
    expect(third.view().state).toBe('active')
  })
})

describe('Options of what the agent is made of', () => {
  let home: AgentHome
  beforeEach(() => {
    home = makeHome()
    vi.stubEnv('HOOK_SECRET', 'no secret of the right form')
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await home.close()
  })

  it.each<[string, object, string]>([
    ['fleet.ports', { fleet: { ports: { from: 9, to: 1 } } }, 'CHANGEOVER_CONFIG_INVALID'],
    [
      'router.haproxy.socket',
      { router: { haproxy: { socket: 3, services: { shop: { bind: '*:80' } } } } },
      'CHANGEOVER_CONFIG_INVALID',
    ],
    [
      'metrics.prometheus.url',
      {
        metrics: {
          prometheus: {
            url: 'nowhere',
            indicators: { errors: { values: 'memory{release="$release"}' } },
          },
        },
      },
      'CHANGEOVER_CONFIG_INVALID',
    ],
    [
      'notifiers.chat.webhook.secret',
      { notifiers: { chat: { webhook: { url: 'https://x', secret: { env: 'HOOK_SECRET' } } } } },
      'CHANGEOVER_CONFIG_INVALID',
    ],
    [
      'notifiers.chat.command.events',
      { notifiers: { chat: { command: ['tell'], events: ['no-such'] } } },
      'CHANGEOVER_CONFIG_INVALID',
    ],
    [
      'notifiers.chat.webhook.secret',
      { notifiers: { chat: { webhook: { url: 'https://x', secret: { env: 'NO_SUCH_SECRET' } } } } },
      'CHANGEOVER_AGENT_VARIABLE_MISSING',
    ],
    [
      'store.postgres.connection',
      { store: { postgres: { connection: { env: 'NO_SUCH_SECRET' } } } },
      'CHANGEOVER_AGENT_VARIABLE_MISSING',
    ],
  ])('are refused with the place in the config: %s', async (field, own, code) => {
    const service = shop(home.folder, 'router' in own ? { port: undefined } : {})
    home.writeConfig({ services: { shop: service }, ...own })
    const starting = startAgent({
      directory: join(home.folder, 'a'),
      config: home.config,
      log: { write: () => true },
    })
    await expect(starting).rejects.toMatchObject({
      code,
      message: expect.stringContaining(field) as string,
    })
    await expect(starting).rejects.not.toMatchObject({
      message: expect.stringContaining('no secret of') as string,
    })
  })
})
