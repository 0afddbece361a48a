import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createEngine, memoryFleet, memoryRouter, rolling, type Rollout } from '@changeover/engine'
import { postgresStore } from '@changeover/store-postgres'
import { expect, test } from 'vitest'
import { collect } from './journal-maker.ts'
import type { Reach, TestServer } from './servers.ts'

const LEASE_MS = 4_000
const FIXTURE = fileURLToPath(new URL('fixtures/engine-process.mjs', import.meta.url))
const release = (id: string) => ({ id, version: id, spec: {} })

interface Call {
  readonly id: number
  readonly port: 'router' | 'fleet'
  readonly method: string
  readonly args: unknown[]
}

/** What every engine acts on, and how a process of its own gets at it. */
function outside() {
  const fleet = memoryFleet({ readyAfterMs: () => 50, stopAfterMs: 10 })
  const router = memoryRouter({ convergeAfterMs: 20, drainAfterMs: 20 })
  const answer = async (child: ChildProcess, { id, port, method, args }: Call): Promise<void> => {
    const call = Reflect.get(port === 'router' ? router : fleet, method) as (
      ...args: unknown[]
    ) => Promise<unknown>
    const reply = await call(...args).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, problem: String(error) }),
    )
    if (child.connected) child.send(reply, () => undefined)
  }
  return { fleet, router, answer }
}

/** A process with an engine that leads the rollout to `v2`. */
async function startProcess(connection: Reach, { answer }: ReturnType<typeof outside>) {
  const options = { connection, leaseTtl: LEASE_MS, release: release('v2') }
  const child = fork(FIXTURE, [JSON.stringify(options)], { execArgv: [] })
  const started = new Promise<string>((resolve, reject) => {
    child.on('message', (message: Call | { started: string }) => {
      if ('started' in message) resolve(message.started)
      else void answer(child, message)
    })
    child.once('exit', () => reject(new Error('the process ended')))
  })
  return { child, rollout: await started }
}

async function until(rollout: Rollout, wanted: string, gate?: string): Promise<void> {
  for await (const entry of rollout.events()) {
    const step = entry.type === 'step-started' ? entry.step : undefined
    const name = step?.step === 'approve' ? step.gate : undefined
    if (entry.type === wanted && name === gate) return
  }
  throw new Error(`it ended without ${wanted}`)
}

/** Registers the test of two engines, in processes of their own, on one server. */
export function takeoverTest(server: () => TestServer): void {
  test('two engines steer each other, and one finishes within two lease times what the other was killed in', async ({
    onTestFinished,
  }) => {
    const connection = await server().database()
    const world = outside()
    const store = postgresStore({ connection })
    const { fleet, router } = world
    const engine = createEngine({ fleet, router, store, leaseTtl: LEASE_MS, holder: 'second' })
    onTestFinished(async () => {
      await engine.close()
      await store.close()
    })
    const first = await engine.start({
      service: 'shop',
      release: release('v1'),
      replicas: 3,
      strategy: rolling(),
    })
    expect(await first.finished).toMatchObject({ outcome: 'promoted' })

    const { child, rollout: id } = await startProcess(connection, world)
    onTestFinished(() => void child.kill('SIGKILL'))
    const rollout = await engine.rollout(id)
    await until(rollout, 'step-started', 'go')
    await expect(rollout.approve({ gate: 'nowhere', by: 'ada' })).rejects.toMatchObject({
      code: 'CHANGEOVER_GATE_UNKNOWN',
    })
    await rollout.approve({ gate: 'go', by: 'ada' })
    await until(rollout, 'step-started', 'on')

    child.kill('SIGKILL')
    await once(child, 'exit')
    const killedAt = Date.now()
    const approved = rollout.approve({ gate: 'on', by: 'bob' })
    const [resumed] = await engine.resume({ wait: 2 * LEASE_MS })
    await approved
    expect(await resumed!.finished).toMatchObject({ outcome: 'promoted', rollout: id })
    expect(Date.now() - killedAt).toBeLessThan(2 * LEASE_MS)
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })

    expect(await engine.verify(id)).toMatchObject({ ok: true })
    const entries = await collect(store.read(id))
    const leaders = entries.flatMap((entry) => (entry.type === 'led' ? [entry.holder] : []))
    expect(leaders).toEqual(['first', 'second'])
    const running = await fleet.list('shop')
    expect(running.map((one) => one.release)).toEqual(['v2', 'v2', 'v2'])
    expect((await router.observe('shop')).table?.pools).toHaveLength(1)
  })
}
