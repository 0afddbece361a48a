import { openLoopLoad } from '@changeover/testing'
import { describe, expect, it } from 'vitest'

import { sleep } from '../harness.ts'
import { startProcess } from '../server-process.ts'
import { openDelayPath } from './delay-path.ts'

interface Stop {
  readonly exitCode: number | string
  readonly answered: number
  /** Executions without a delivered answer. */
  readonly unanswered: number
  /** Requests that broke on a connection which had answered before. */
  readonly resetReused: number
  /** Answers that broke, or never came. */
  readonly broken: number
}

/** The first requests take long, so that as many connections are open as are kept; half of all are POST. */
const shape = (n: number): { path: string } => ({
  path: `/?ms=${n < 80 ? 250 : 5 + ((n * 7) % 26)}`,
})

/** One SIGTERM to a process that answers 400 requests a second over a path of 10 ms round trip. */
async function stopUnderLoad(stop: string): Promise<Stop> {
  // The client shares a machine with the server: when it stalls for longer than this, its pool looks idle.
  const drain = { notice: 0, quiet: '500ms', deadline: '20s' }
  const server = await startProcess({ drain }, { STOP: stop }, 'scenario-server.mjs')
  const path = await openDelayPath(server.port)
  const url = `http://127.0.0.1:${path.port}`
  const load = openLoopLoad({ url, rate: 400, connections: 64, timeout: '5s', request: shape })
  while (load.snapshot().answered < 200) await sleep(20)
  server.kill('SIGTERM')
  const exitCode = await server.exited
  const { answered, byClass } = await load.stop()
  await path.close()
  return {
    exitCode,
    answered,
    unanswered: Number(server.lines.at(-1)?.['executed']) - answered,
    resetReused: byClass['reset-reused'],
    broken: byClass.truncated + byClass.timeout + byClass.other + byClass.wrong,
  }
}

describe('Scenario 1: SIGTERM under 400 requests a second over 10 ms round trip, without a notice', () => {
  it('resets no connection that was used before and executes nothing without an answer, 20 times', async () => {
    const stops: Stop[] = []
    for (let round = 0; round < 10; round += 1) {
      stops.push(...(await Promise.all([stopUnderLoad('lifecycle'), stopUnderLoad('lifecycle')])))
    }
    const lossless = { exitCode: 0, unanswered: 0, resetReused: 0, broken: 0 }
    expect(stops).toHaveLength(20)
    for (const stop of stops) expect(stop).toMatchObject(lossless)
  }, 90_000)

  it('is noticed to lose requests on server.close() alone', async () => {
    const stops = await Promise.all([stopUnderLoad('close'), stopUnderLoad('close')])
    expect(stops.reduce((sum, { resetReused }) => sum + resetReused, 0)).toBeGreaterThan(0)
  })
})
