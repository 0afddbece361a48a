import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { type AgentHome, makeHome, shop } from './agent-process.ts'
import { callSocket, deployed } from './call-socket.ts'

const SECRET = 'a long secret'

describe('The config of a running agent', { timeout: 60_000 }, () => {
  let home: AgentHome
  let agent: Agent
  let log: string
  const services = (own: object): object => ({ services: own })
  beforeEach(async () => {
    vi.stubEnv('SECRET', SECRET)
    home = makeHome()
    log = ''
    home.writeConfig(services({ shop: shop(home.folder) }))
    agent = await startAgent({
      directory: join(home.folder, 'a'),
      config: home.config,
      log: { write: (line) => (log += line) },
    })
  })
  afterEach(async () => {
    await agent.close()
    await home.close()
    vi.unstubAllEnvs()
  })

  const isReached = (service: string): Promise<string> =>
    vi.waitFor(() => {
      const url = agent.view().urls?.[service]
      expect(url).toBeDefined()
      return url ?? ''
    }, 30_000)

  it('stays in force where the new one is refused, and why is told until one is not', async () => {
    const before = agent.view()
    writeFileSync(home.config, '{ "services": {} }')
    await expect(agent.reload()).rejects.toMatchObject({
      code: 'CHANGEOVER_CONFIG_INVALID',
      message: expect.stringContaining(':1:3 services: there is no service') as string,
    })
    expect(agent.view()).toMatchObject({
      services: before.services,
      configProblem: expect.stringContaining(':1:3 services') as string,
    })
    home.writeConfig(services({ shop: shop(home.folder, { replicas: 3 }) }))
    expect(await agent.reload()).toMatchObject({ configProblem: undefined })
  })

  it('changes what the next rollout does, and the one after says so', async () => {
    const own = { replicas: 1, env: { VERSION: '{version} of {set.color}' } }
    home.writeConfig(services({ shop: shop(home.folder, own) }))
    await agent.reload()
    const socket = join(home.folder, 'a', 'agent.sock')
    const deploy = async (body: object): Promise<Awaited<ReturnType<typeof callSocket>>> =>
      callSocket(socket, 'POST', '/services/shop/deploy', { version: '1.0.0', ...body })
    expect(await deploy({ id: 'one' })).toMatchObject({
      body: { error: { code: 'CHANGEOVER_AGENT_SET_INVALID' } },
    })
    expect(await deploy({ id: 'two', set: { color: 'red', colour: 'red' } })).toMatchObject({
      body: { error: { code: 'CHANGEOVER_AGENT_SET_INVALID' } },
    })
    expect(await deploy({ id: 'three', set: { color: 'red' } })).toMatchObject({ status: 201 })
    expect(await deployed(socket, 'shop')).toMatchObject({ outcome: 'promoted', replicas: 1 })
    const answer = await fetch(await isReached('shop'))
    expect(await answer.text()).toBe('1.0.0 of red 0')
    expect(
      await callSocket(socket, 'POST', '/services/mail/deploy', { id: 'four', version: '1' }),
    ).toMatchObject({
      body: { error: { code: 'CHANGEOVER_AGENT_SERVICE_UNKNOWN' } },
    })
  })

  it('may bring a service, and take one away without touching what runs of it', async () => {
    const url = await isReached('shop')
    home.writeConfig(services({ shop: shop(home.folder), mail: shop(home.folder) }))
    await agent.reload()
    const mail = await isReached('mail')
    expect(mail).not.toBe(url)

    home.writeConfig(services({ mail: shop(home.folder) }))
    expect((await agent.reload()).services).toEqual(['mail'])
    expect(log).toContain('service is no longer in the config')
    expect((await fetch(url)).status).toBe(503)

    home.writeConfig(services({ shop: shop(home.folder), mail: shop(home.folder) }))
    await agent.reload()
    expect(await isReached('shop')).toBe(url)
  })

  it('is refused whole where a new service cannot listen', async () => {
    const { port } = new URL(await isReached('shop'))
    home.writeConfig(
      services({
        shop: shop(home.folder),
        admin: shop(home.folder),
        mail: shop(home.folder, { port: Number(port) }),
      }),
    )
    await expect(agent.reload()).rejects.toMatchObject({
      code: expect.stringMatching(/^CHANGEOVER_ROUTER_/) as string,
    })
    expect(agent.view()).toMatchObject({
      services: ['shop'],
      urls: { shop: expect.any(String) as string },
    })
    expect(Object.keys(agent.view().urls ?? {})).toEqual(['shop'])
  })

  it('is refused where it changes what only a restart can', async () => {
    home.writeConfig(services({ shop: shop(home.folder, { port: 1 }) }))
    await expect(agent.reload()).rejects.toMatchObject({
      code: 'CHANGEOVER_AGENT_RESTART_NEEDED',
      details: { changed: 'services.shop.port' },
    })
  })

  it('gives instances secrets that are written nowhere', async () => {
    home.writeConfig(services({ shop: shop(home.folder, { inherit: ['SECRET'], replicas: 1 }) }))
    await agent.reload()
    const socket = join(home.folder, 'a', 'agent.sock')
    await callSocket(socket, 'POST', '/services/shop/deploy', { id: 'one', version: '1.0.0' })
    await deployed(socket, 'shop')
    const answer = await fetch(await isReached('shop'))
    expect(await answer.text()).toBe(`1.0.0 ${SECRET.length}`)
    expect(log).not.toContain(SECRET)
    const written = readdirSync(join(home.folder, 'a'), { recursive: true, withFileTypes: true })
    for (const file of written.filter((one) => one.isFile()))
      expect(readFileSync(join(file.parentPath, file.name), 'utf8')).not.toContain(SECRET)
  })
})
