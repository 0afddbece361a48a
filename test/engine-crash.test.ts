import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { EntryBody, Instance, Pool, Release, RolloutEnd } from '@changeover/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instancesWith, killAll, processesWith } from './processes.ts'

const REPLICAS = 3
const engine = fileURLToPath(new URL('fixtures/engine.mjs', import.meta.url))
const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))

interface Moment {
  /** The engine dies when this entry has been written. */
  readonly type: EntryBody['type']
  /** For the how-manieth time. */
  readonly nth: number
}

/** What an engine process is to do; it resumes where there are no releases. */
interface Order {
  readonly releases?: readonly Release[]
  readonly crash?: Moment
  /** For the last release. */
  readonly readyWithin?: string
}

interface Report {
  readonly ends: readonly RolloutEnd[]
  readonly pools: readonly Pool[]
  readonly instances: readonly Instance[]
  /** The release that answered a request through the router. */
  readonly release: string
}

type EngineProcess = ChildProcessByStdio<Writable, Readable, null>

describe('An engine killed with -9 in the middle of a rollout', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'changeover-crash-'))
  })
  afterEach(async () => {
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  function release(id: string, ready = 'yes'): Release {
    const env = { READY: ready, MARK: directory }
    const spec = { command: [process.execPath, app], env }
    return { id, version: id, spec, readiness: { everyMs: 50 } }
  }

  function start(order: Order): EngineProcess {
    const args = [engine, JSON.stringify({ directory, replicas: REPLICAS, ...order })]
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  }

  async function crash(order: Order): Promise<void> {
    const [code, signal] = await once(start(order), 'exit')
    expect({ code, signal }, 'the moment came').toEqual({ code: null, signal: 'SIGKILL' })
  }

  /** Resumes in a new process, and looks at the outside before that one stops all instances and ends. */
  async function resume(): Promise<Report & { processes: number }> {
    const child = start({})
    const ended = once(child, 'exit')
    const [line] = await once(createInterface(child.stdout), 'line')
    const report: Report = JSON.parse(String(line))
    const processes = instancesWith(directory).length
    child.stdin.end()
    expect(await ended).toEqual([0, null])
    return { ...report, processes }
  }

  function expectOnly(
    release: string,
    { pools, instances, processes, ...rest }: Report & { processes: number },
  ): void {
    const ids = instances.map(({ id }) => id).sort()
    expect(instances.map((instance) => instance.release)).toEqual(Array(REPLICAS).fill(release))
    expect(processes).toBe(REPLICAS)
    expect(pools).toMatchObject([{ release, weight: 10_000 }])
    expect(pools[0]!.instances.map(({ id }) => id).sort()).toEqual(ids)
    expect(rest.release).toBe(release)
    expect(processesWith(directory)).toEqual([])
  }

  const moments: readonly Moment[] = [
    { type: 'led', nth: 1 },
    { type: 'launch-intended', nth: 1 },
    { type: 'launched', nth: 2 },
    { type: 'routes-intended', nth: 3 },
    { type: 'routes-converged', nth: 2 },
    { type: 'drained', nth: 2 },
    { type: 'stop-intended', nth: 1 },
    { type: 'stopped', nth: 3 },
    { type: 'step-finished', nth: 1 },
  ]

  it.each(moments)(
    'goes on after "$type" number $nth and promotes the new release',
    async (moment) => {
      await crash({ releases: [release('v1'), release('v2')], crash: moment })
      expect(instancesWith(directory).length, 'instances serve on').toBeGreaterThanOrEqual(2)
      const report = await resume()
      expect(report.ends.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['promoted'])
      expectOnly('v2', report)
    },
  )

  it('goes on with a first deployment', async () => {
    await crash({ releases: [release('v1')], crash: { type: 'launched', nth: 2 } })
    const report = await resume()
    expect(report.ends.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['promoted'])
    expectOnly('v1', report)
  })

  it('goes on back to the old release where it was already turning back', async () => {
    const releases = [release('v1'), release('v2', 'never')]
    await crash({ releases, readyWithin: '5s', crash: { type: 'turned-back', nth: 1 } })
    const report = await resume()
    expect(report.ends).toMatchObject([{ outcome: 'rolled-back', code: 'CHANGEOVER_NOT_READY' }])
    expectOnly('v1', report)
  })
})
