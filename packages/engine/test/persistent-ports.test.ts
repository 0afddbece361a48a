import {
  createEngine,
  type Fleet,
  memoryFleet,
  memoryRouter,
  memoryStore,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { refuse } from '../src/changeover-error.ts'
import { persistentPorts } from '../src/persistent-ports.ts'
import { request } from './stage.ts'

/** A fleet whose first `failures` launches fail after they took effect, as when the reply is lost. */
function losing(fleet: Fleet, failures: number, error: () => Error): Fleet & { calls: number } {
  const lossy = {
    ...fleet,
    calls: 0,
    async launch(...args: Parameters<Fleet['launch']>) {
      const instance = await fleet.launch(...args)
      lossy.calls += 1
      if (lossy.calls <= failures) throw error()
      return instance
    },
  }
  return lossy
}

const lost = (): Error => new Error('the line is down')

async function deployOn(failures: number, error: () => Error): Promise<[string, number]> {
  const clock = virtualClock(1_000_000)
  const fleet = losing(memoryFleet({ clock, readyAfterMs: () => 100 }), failures, error)
  const engine = createEngine({
    fleet,
    clock,
    router: memoryRouter({ clock }),
    store: memoryStore({ clock }),
  })
  const rollout = await clock.run(engine.start(request('new', { replicas: 1 })))
  const { outcome } = await clock.run(rollout.finished)
  return [outcome, fleet.calls]
}

describe('A call to the router or the fleet', () => {
  test('whose reply is lost is made again, and the release is not given up', async () => {
    expect(await deployOn(3, lost)).toEqual(['promoted', 4])
  })

  test('that never succeeds is given up after the fourth time', async () => {
    const [outcome, calls] = await deployOn(100, lost)
    expect({ outcome, calls }).toEqual({ outcome: 'rolled-back', calls: 4 })
  })

  test('that is answered with a code is not made again', async () => {
    const coded = (): Error =>
      refuse('CHANGEOVER_LAUNCH_FAILED', { instance: 'new.1', problem: 'no such file' })
    expect(await deployOn(100, coded)).toEqual(['rolled-back', 1])
  })

  test('reaches an adapter that is an instance of a class, and what only its class has', async () => {
    class Line {
      readonly name = 'line'
      #watched = 0
      watch(): () => void {
        this.#watched += 1
        return () => undefined
      }
      watched(): number {
        return this.#watched
      }
    }
    const clock = virtualClock()
    const fleet = memoryFleet({ clock })
    const router = Object.assign(new Line(), memoryRouter({ clock }))
    const ports = { router, fleet, clock, metrics: undefined, migrations: undefined, hooks: {} }
    const persistent = persistentPorts(ports)
    persistent.router.watch?.('shop', () => undefined)
    expect(router.watched()).toBe(1)
    expect(await persistent.router.probe()).toEqual(await router.probe())
  })
})
