import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openLoopLoad } from '@changeover/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AgentHome, kill, makeHome, shop } from './agent-process.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777
const commandLine = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8')
const textOf = async (url: string): Promise<string> => (await fetch(url)).text()

// Each of them starts processes, one after the other, on a machine that may be busy.
describe('An agent', { timeout: 120_000 }, () => {
  let home: AgentHome
  beforeEach(() => {
    home = makeHome()
    home.writeConfig({ services: { shop: shop(home.folder) }, leaseTtl: '2s' })
  })
  afterEach(() => home.close())

  it('runs nothing until something is deployed, and leaves it running when it ends', async () => {
    const agent = await home.start()
    const url = await agent.url()
    expect((await fetch(url)).status).toBe(503)
    expect(await agent.service()).toEqual({ name: 'shop', rollbackTo: [] })
    expect(modeOf(join(home.folder, 'a'))).toBe(0o700)
    expect(modeOf(join(home.folder, 'a', 'agent.sock'))).toBe(0o600)

    expect(await agent.deploy('1.0.0')).toMatchObject({ outcome: 'promoted', to: { id: '1.0.0' } })
    expect(await textOf(url)).toBe('1.0.0 0')
    expect(await agent.kill('SIGTERM')).toBe(0)
    expect(agent.lines.at(-1)).toMatchObject({ msg: 'agent stopped' })
    expect(await textOf(url)).toBe('1.0.0 0')
    expect(home.pids()).toHaveLength(3)
  })

  it('keeps as many ended rollouts as its config says', async () => {
    const services = { shop: shop(home.folder) }
    home.writeConfig({ services, store: { file: { retain: 2 } }, leaseTtl: '2s' })
    const agent = await home.start()
    for (const version of ['1.0.0', '2.0.0', '3.0.0', '4.0.0']) await agent.deploy(version)
    const { body } = await agent.call('GET', '/services/shop/history')
    expect(body).toMatchObject([{ to: { id: '3.0.0' } }, { to: { id: '4.0.0' } }])
  })

  it('is refused beside another one on its directory, with the pid of that one', async () => {
    const first = await home.start()
    const second = await home.start()
    expect(await second.ended).toBe(1)
    expect(second.lines).toEqual([
      {
        refused: 'CHANGEOVER_AGENT_RUNNING',
        message: expect.stringContaining(`process ${first.pid} `) as string,
      },
    ])
    await first.kill('SIGKILL')
    const third = await home.start()
    expect(await third.call('GET', '/agent')).toMatchObject({
      status: 200,
      body: { pid: third.pid },
    })
  })

  it('that is killed in mid-rollout is followed by one that finishes, and no request is dropped', async () => {
    const first = await home.start()
    const url = await first.url()
    await first.deploy('1.0.0')
    const load = openLoopLoad({ url, rate: 50 })
    try {
      const { body } = await first.call('POST', '/services/shop/deploy', {
        id: 'two',
        version: '2.0.0',
      })
      await vi.waitFor(() => expect(first.text()).toContain('"type":"launch-intended"'), 30_000)
      await first.kill('SIGKILL')

      const second = await home.start()
      await vi.waitFor(
        async () => {
          expect((await second.service()).last).toMatchObject({
            id: body['id'],
            outcome: 'promoted',
          })
        },
        { timeout: 60_000, interval: 100 },
      )
      expect(await textOf(url)).toBe('2.0.0 0')
      // Two instances, the router, the agent: nothing was launched twice.
      expect(home.pids()).toHaveLength(4)
      const report = await load.stop()
      expect(report).toMatchObject({ dropped: 0, abandoned: 0 })
      expect(report.byRelease).toHaveProperty(['2.0.0'])
    } finally {
      await load.close()
    }
  })

  it('brings everything back after a reboot, on the same port', async () => {
    const first = await home.start()
    const url = await first.url()
    await first.deploy('1.0.0')
    home.pids().forEach((pid) => kill(pid, 'SIGKILL'))
    await first.ended
    await vi.waitFor(() => expect(home.pids()).toEqual([]))
    await expect(fetch(url)).rejects.toThrow('fetch failed')

    const second = await home.start()
    await second.line('repair ended')
    expect(await second.url()).toBe(url)
    expect(await textOf(url)).toBe('1.0.0 0')
    expect(await second.service()).toMatchObject({
      current: { id: '1.0.0' },
      pools: [{ release: '1.0.0', weight: 10_000, instances: 2 }],
    })
  })

  it('replaces an instance that dies', async () => {
    const agent = await home.start()
    const url = await agent.url()
    await agent.deploy('1.0.0')
    const [victim] = instancesOf(home)
    kill(Number(victim), 'SIGKILL')
    await agent.line('repair ended')
    expect(instancesOf(home)).toHaveLength(2)
    expect(instancesOf(home)).not.toContain(victim)
    expect(await textOf(url)).toBe('1.0.0 0')
  })

  function instancesOf(home: AgentHome): readonly number[] {
    return home.pids().filter((pid) => commandLine(pid).includes('agent-shop.mjs'))
  }
})
