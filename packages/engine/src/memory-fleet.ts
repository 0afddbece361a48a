import { refuse } from './changeover-error.ts'
import type { Clock } from './clock.ts'
import { createFenceCheck } from './fence-check.ts'
import type { Fleet, InstanceExit, LaunchRequest } from './fleet.ts'
import type { Instance } from './instance.ts'
import { systemClock } from './system-clock.ts'

export interface MemoryFleetOptions {
  /** @default the machine's clock */
  readonly clock?: Clock
  /** Milliseconds from launch until the instance is ready; Infinity for never. @default 0 */
  readonly readyAfterMs?: (instance: Instance) => number
  /** Milliseconds from the request to stop until an instance has ended. @default 0 */
  readonly stopAfterMs?: number
}

/** A fleet in memory, with a way to let instances end by themselves. */
export interface MemoryFleet extends Fleet {
  /** Ends an instance as a crash would. */
  crash(id: string): void
}

interface Member {
  readonly instance: Instance
  readonly readyAt: number
}

/** A fleet that runs nothing: the reference implementation of the port, for tests and simulations. */
export function memoryFleet(options: MemoryFleetOptions = {}): MemoryFleet {
  const { clock = systemClock(), readyAfterMs = () => 0, stopAfterMs = 0 } = options
  const checkFence = createFenceCheck()
  const members = new Map<string, Member>()
  const listeners = new Map<string, Set<(exit: InstanceExit) => void>>()

  function enlist({ id, service, release }: LaunchRequest): Instance {
    const known = members.get(id)
    if (known) return known.instance
    const instance = { id, service, release: release.id, address: `${id}.memory:80` }
    members.set(id, { instance, readyAt: clock.now() + readyAfterMs(instance) })
    return instance
  }

  return {
    name: 'memory',
    async launch(request) {
      checkFence(request.service, request.fence)
      return enlist(request)
    },
    probe({ id }) {
      const member = members.get(id)
      if (!member) return Promise.resolve({ ready: false, exited: true, reason: 'it is gone' })
      if (clock.now() >= member.readyAt) return Promise.resolve({ ready: true })
      return Promise.resolve({ ready: false, reason: 'it is still starting' })
    },
    async stop({ id, service }, { deadline, signal, fence }) {
      checkFence(service, fence)
      const graceful = !members.has(id) || stopAfterMs <= deadline
      if (members.has(id)) {
        await clock.sleep(Math.min(stopAfterMs, deadline), signal ? { signal } : {})
      }
      members.delete(id)
      if (graceful) return { instance: id, graceful, exitCode: 0 }
      return { instance: id, graceful, exitCode: null, signal: 'SIGKILL' }
    },
    list: (service) =>
      Promise.resolve(
        [...members.values()]
          .map(({ instance }) => instance)
          .filter((one) => one.service === service),
      ),
    watch(service, listener) {
      const peers = listeners.get(service) ?? new Set()
      listeners.set(service, peers.add(listener))
      return () => peers.delete(listener)
    },
    crash(id) {
      const member = members.get(id)
      if (!member)
        throw refuse('CHANGEOVER_LAUNCH_FAILED', {
          instance: id,
          problem: 'it does not run',
          output: '(none)',
        })
      members.delete(id)
      const { service } = member.instance
      const exit = { instance: id, service, graceful: false, exitCode: 1, output: 'crashed' }
      for (const listener of listeners.get(service) ?? []) listener(exit)
    },
  }
}
