import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { type AgentHome, makeHome, shop } from './agent-process.ts'
import { callSocket, deployed } from './call-socket.ts'

describe(
  'An agent that is started with another config than the one before',
  { timeout: 60_000 },
  () => {
    let home: AgentHome
    let agent: Agent | undefined
    let log: string
    beforeEach(() => {
      home = makeHome()
      log = ''
    })
    afterEach(async () => {
      await agent?.close()
      await home.close()
    })

    const start = async (services: object): Promise<void> => {
      await agent?.close()
      home.writeConfig({ services })
      const write = (line: string): string => (log += line)
      agent = await startAgent({
        directory: join(home.folder, 'a'),
        config: home.config,
        log: { write },
      })
    }
    const url = (service = 'shop'): Promise<string> =>
      vi.waitFor(() => {
        const found = agent?.view().urls?.[service]
        expect(found).toBeDefined()
        return found ?? ''
      }, 30_000)
    const deploy = async (service: string): Promise<void> => {
      const socket = join(home.folder, 'a', 'agent.sock')
      await callSocket(socket, 'POST', `/services/${service}/deploy`, {
        id: service,
        version: '1.0.0',
      })
      expect(await deployed(socket, service)).toMatchObject({ outcome: 'promoted' })
    }
    const answer = async (at: string): Promise<number> => (await fetch(at)).status

    it('names its directory where something in it cannot be used', async () => {
      mkdirSync(join(home.folder, 'a'))
      writeFileSync(join(home.folder, 'a', 'agent.lock'), 'no link, as a copy may leave it')
      await expect(start({ shop: shop(home.folder) })).rejects.toMatchObject({
        code: 'CHANGEOVER_AGENT_DIRECTORY_INVALID',
        details: { directory: join(home.folder, 'a') },
      })
      rmSync(join(home.folder, 'a', 'agent.lock'))
      await start({ shop: shop(home.folder) })
    })

    it('gives its router the new options, and serves on where it did', async () => {
      const one = { replicas: 1 }
      await start({ shop: shop(home.folder, one) })
      const before = await url()
      await deploy('shop')
      const port = Number(new URL(before).port)
      await start({
        shop: shop(home.folder, { ...one, port, router: { timeouts: { head: '5s' } } }),
      })
      expect(await url()).toBe(before)
      expect(log).toContain('router is started anew')
      expect(await answer(before)).toBe(200)
    })

    it('leaves what is no longer in it as it runs, and finds it when it is there again', async () => {
      const [one, other] = [shop(home.folder, { replicas: 1 }), shop(home.folder, { replicas: 1 })]
      await start({ shop: one, mail: other })
      const [shopAt] = [await url(), await url('mail')]
      await deploy('shop')
      await start({ mail: other })
      expect(await answer(shopAt)).toBe(200)
      const running = home.pids().length
      await start({ shop: one, mail: other })
      expect(await url()).toBe(shopAt)
      expect(await answer(shopAt)).toBe(200)
      expect(home.pids()).toHaveLength(running)
    })
  },
)
