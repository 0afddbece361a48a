import {
  type Clock,
  createFenceCheck,
  type Fleet,
  type Instance,
  type InstanceExit,
} from '@changeover/engine'

/** How a simulated fleet behaves, in milliseconds. */
export interface SimulatedFleetOptions {
  readonly clock: Clock
  /** Asked once for each instance. Infinity for never. */
  readonly readyAfterMs: (instance: Instance) => number
  readonly stopAfterMs: number
}

/** A simulated fleet, what can be done to it, and what is really so. */
export interface SimulatedFleet {
  readonly fleet: Fleet
  /** Ends up to `count` running instances of a release as a crash would, oldest first. */
  readonly kill: (release: string, count: number) => void
  /** Makes up to `count` ready instances of a release unready for a while. */
  readonly falter: (release: string, count: number, forMs: number) => void
  readonly running: (id: string) => boolean
  /** How long ago it was killed, in milliseconds; 0 where it was not. */
  readonly goneForMs: (id: string) => number
  readonly ready: (id: string) => boolean
}

interface Member {
  readonly instance: Instance
  readyAt: number
  /** When it ends, where it was asked to stop: with or without whoever asked. */
  endsAt: number
}

/** A fleet in which instances end by themselves, falter, and go on stopping when nobody waits for it any more. */
export function simulatedFleet(options: SimulatedFleetOptions): SimulatedFleet {
  const { clock } = options
  const crowd: Crowd = { members: new Map(), listeners: new Set() }
  const { members, listeners } = crowd
  const killedAt = new Map<string, number>()
  const living = (release: string, count: number): Member[] =>
    [...members.values()]
      .filter((one) => one.instance.release === release && one.endsAt === Infinity)
      .slice(0, count)
  const { fleet, find, isReady } = fleetOver(crowd, options)
  return {
    fleet,
    running: (id) => find(id) !== undefined,
    // Launched again under its id, it is there again.
    goneForMs: (id) => (find(id) ? 0 : clock.now() - (killedAt.get(id) ?? clock.now())),
    ready: (id) => isReady(find(id)),
    kill(release, count) {
      for (const { instance } of living(release, count)) {
        const { id, service } = instance
        members.delete(id)
        killedAt.set(id, clock.now())
        const exit = { instance: id, service, graceful: false, exitCode: 1, output: 'killed' }
        for (const listener of listeners) listener(exit)
      }
    },
    falter(release, count, forMs) {
      for (const member of living(release, count)) member.readyAt = clock.now() + forMs
    },
  }
}

interface Crowd {
  readonly members: Map<string, Member>
  readonly listeners: Set<(exit: InstanceExit) => void>
}

interface FleetOver {
  readonly fleet: Fleet
  readonly find: (id: string) => Member | undefined
  readonly isReady: (member: Member | undefined) => boolean
}

function fleetOver({ members, listeners }: Crowd, options: SimulatedFleetOptions): FleetOver {
  const { clock, readyAfterMs, stopAfterMs } = options
  const checkFence = createFenceCheck()

  const find = (id: string): Member | undefined => {
    const member = members.get(id)
    if (!member || clock.now() < member.endsAt) return member
    members.delete(id)
    return undefined
  }
  const isReady = (member: Member | undefined): boolean =>
    member !== undefined && member.endsAt === Infinity && clock.now() >= member.readyAt
  const fleet: Fleet = {
    name: 'simulated',
    async launch({ id, service, release, fence }) {
      checkFence(service, fence)
      const known = find(id)
      if (known) return known.instance
      const instance = { id, service, release: release.id, address: `${id}.simulated:80` }
      const readyAt = clock.now() + readyAfterMs(instance)
      members.set(id, { instance, readyAt, endsAt: Infinity })
      return instance
    },
    async probe({ id }) {
      const member = find(id)
      if (!member) return { ready: false, exited: true, reason: 'it is gone' }
      return isReady(member) ? { ready: true } : { ready: false, reason: 'it is not ready' }
    },
    async stop({ id, service }, { deadline, signal, fence }) {
      checkFence(service, fence)
      const member = find(id)
      if (!member) return { instance: id, graceful: true, exitCode: 0 }
      member.endsAt = Math.min(member.endsAt, clock.now() + Math.min(stopAfterMs, deadline))
      await clock.sleep(member.endsAt - clock.now(), signal ? { signal } : {})
      find(id)
      return stopAfterMs <= deadline
        ? { instance: id, graceful: true, exitCode: 0 }
        : { instance: id, graceful: false, exitCode: null, signal: 'SIGKILL' }
    },
    async list(service) {
      return [...members.keys()]
        .map((id) => find(id)?.instance)
        .filter((instance) => instance?.service === service)
        .filter((instance) => instance !== undefined)
    },
    watch(_, listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return { fleet, find, isReady }
}
