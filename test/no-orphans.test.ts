import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.ts'
import { instancesWith, killAll, nothingLeft, processesWith } from './processes.ts'

describe('The demo, ended in the middle of a rollout', { timeout: 90_000 }, () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'changeover-orphans-'))
    // Its database runs as a user of its own where root runs the demo, and removes what it wrote.
    chmodSync(directory, 0o1777)
  })
  afterEach(async () => {
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  /** A demo whose first instances serve while others come up. */
  async function demoInMidRollout(): Promise<DemoProcess> {
    const demo = startDemo(directory, '--rate', '50')
    await demo.printed('routes: 1.0.0 100%')
    expect(instancesWith(directory).length).toBeGreaterThanOrEqual(1)
    return demo
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
    expect(readdirSync(directory)).toEqual([])
  })

  it('by kill -9, leaves nothing: agent, router, instances and database end with it', async () => {
    const demo = await demoInMidRollout()
    process.kill(demo.pid, 'SIGKILL')
    expect(await demo.ended).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await nothingLeft(() => processesWith(directory))).toEqual([])
    await expect.poll(() => readdirSync(directory)).toEqual([])
  })
})
