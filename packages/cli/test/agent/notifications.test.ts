import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { type AgentHome, makeHome, shop } from './agent-process.ts'
import { callSocket, deployed } from './call-socket.ts'

const NOTIFIER = fileURLToPath(new URL('../fixtures/agent-notifier.mjs', import.meta.url))

describe('The notifiers of a config', { timeout: 60_000 }, () => {
  let home: AgentHome
  let agent: Agent
  beforeEach(async () => {
    home = makeHome()
    home.writeConfig(configWith('first'))
    agent = await start()
  })
  afterEach(async () => {
    await agent.close()
    await home.close()
  })

  const start = (): Promise<Agent> =>
    startAgent({
      directory: join(home.folder, 'a'),
      config: home.config,
      log: { write: () => true },
    })
  const fileOf = (name: string): string => join(home.folder, `${name}.txt`)
  const configWith = (name: string): object => ({
    services: { shop: shop(home.folder, { replicas: 1 }) },
    notifiers: { [name]: { command: [process.execPath, NOTIFIER, fileOf(name)] } },
  })
  const deploy = async (version: string): Promise<void> => {
    const socket = join(home.folder, 'a', 'agent.sock')
    const { status } = await callSocket(socket, 'POST', '/services/shop/deploy', {
      id: version,
      version,
    })
    expect(status).toBe(201)
    expect(await deployed(socket, 'shop')).toMatchObject({
      to: { id: version },
      outcome: 'promoted',
    })
  }
  const told = (name: string, count: number): Promise<readonly string[]> =>
    vi.waitFor(
      () => {
        const lines = readFileSync(fileOf(name), 'utf8').trim().split('\n')
        expect(lines).toHaveLength(count)
        return lines
      },
      { timeout: 30_000, interval: 50 },
    )

  it('are told, also by the next agent, and others after a reload', async () => {
    await deploy('1.0.0')
    const once = ['shop created', 'shop finished']
    expect(await told('first', 2)).toEqual(once)
    await agent.close()
    agent = await start()
    await deploy('2.0.0')
    expect(await told('first', 4)).toEqual([...once, ...once])

    home.writeConfig(configWith('second'))
    await agent.reload()
    await deploy('3.0.0')
    expect(await told('second', 2)).toEqual(once)
    expect(await told('first', 4)).toEqual([...once, ...once])
  })
})
