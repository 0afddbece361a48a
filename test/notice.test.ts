import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Release } from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import { describe, expect, it } from 'vitest'

const app = fileURLToPath(new URL('fixtures/patient-app.mjs', import.meta.url))

describe('An instance that gives balancers five seconds to notice', () => {
  it('does not wait for any when its fleet stops it, since the engine took it out of the routes before', async () => {
    const { graceful, exitCode, stopMs } = await launchAndStop({})
    expect({ graceful, exitCode }).toEqual({ graceful: true, exitCode: 0 })
    expect(stopMs).toBeLessThan(2_500)
  })

  it('waits as long as its release says, where traffic also comes by another way', async () => {
    const { graceful, exitCode, stopMs } = await launchAndStop({ CHANGEOVER_NOTICE: '1500ms' })
    expect({ graceful, exitCode }).toEqual({ graceful: true, exitCode: 0 })
    expect(stopMs).toBeGreaterThan(1_400)
  })
})

interface Stopped {
  readonly graceful: boolean
  readonly exitCode?: number | null | undefined
  readonly stopMs: number
}

async function launchAndStop(env: Record<string, string>): Promise<Stopped> {
  await using fleet = processFleet()
  const spec = { command: [process.execPath, app], env }
  const release: Release = { id: 'r1', version: '1', spec }
  const instance = await fleet.launch({ id: 'patient-1', service: 'patient', release, fence: 1 })
  while (!(await fleet.probe(instance)).ready) await sleep(50)
  const startedAt = performance.now()
  const { graceful, exitCode } = await fleet.stop(instance, { deadline: 20_000 })
  return { graceful, exitCode, stopMs: performance.now() - startedAt }
}
