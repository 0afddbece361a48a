import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.ts'
import { instancesWith, killAll, nothingLeft, processesWith, reapersOf } from './processes.ts'

describe('The demo, ended in the middle of a rollout', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'changeover-orphans-'))
  })
  afterEach(async () => {
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  const start = (): DemoProcess => startDemo(directory, '--rate', '50')

  /** A demo whose v1 serves while its v2 comes up. */
  async function demoInMidRollout(): Promise<DemoProcess> {
    const demo = start()
    await demo.printed('(v2) launched')
    expect(instancesWith(directory).length).toBeGreaterThanOrEqual(4)
    expect(reapersOf(demo.pid)).toHaveLength(1)
    return demo
  }

  async function expectFreshStart(): Promise<void> {
    const demo = start()
    await demo.printed('v1 promoted')
    process.kill(demo.pid, 'SIGTERM')
    expect(await demo.ended).toEqual({ code: 143, signal: null })
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s, has stopped everything when it exits with %i', async (signal, code) => {
    const demo = await demoInMidRollout()
    // To the whole group, as a terminal does for Ctrl-C.
    process.kill(-demo.pid, signal)
    expect(await demo.ended).toEqual({ code, signal: null })
    expect(processesWith(directory)).toEqual([])
    expect(reapersOf(demo.pid)).toEqual([])
    expect(readdirSync(directory)).toEqual([])
    await expectFreshStart()
  })

  it('by kill -9, leaves its instances to the reaper, and can be started again at once', async () => {
    const demo = await demoInMidRollout()
    process.kill(demo.pid, 'SIGKILL')
    expect(await demo.ended).toEqual({ code: null, signal: 'SIGKILL' })
    await expectFreshStart()
    expect(await nothingLeft(() => processesWith(directory))).toEqual([])
    expect(await nothingLeft(() => reapersOf(demo.pid))).toEqual([])
  })

  it('by a second Ctrl-C, does not wait for its instances, and still none is left', async () => {
    const demo = await demoInMidRollout()
    process.kill(demo.pid, 'SIGINT')
    process.kill(demo.pid, 'SIGTERM')
    expect((await demo.ended).signal).toBeNull()
    expect(await nothingLeft(() => processesWith(directory))).toEqual([])
  })

  it('by an error of the engine, exits with 1 and leaves nothing', async () => {
    const demo = await demoInMidRollout()
    const [own = ''] = readdirSync(directory)
    const store = join(directory, own, 'store')
    renameSync(store, `${store}-gone`)
    writeFileSync(store, 'a file where the directory was')
    expect(await demo.ended).toEqual({ code: 1, signal: null })
    expect(demo.errors()).toContain('v2 was interrupted')
    expect(processesWith(directory)).toEqual([])
    expect(reapersOf(demo.pid)).toEqual([])
  })
})
