import {
  type Fleet,
  type Instance,
  type InstanceExit,
  memoryFleet,
  type Readiness,
} from '@changeover/engine'
import { fleetConformance, type FleetSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { failuresOf, sentencesOf } from './fixtures/suite-failures.ts'

describe('the memory fleet', () => {
  fleetConformance({ test, create: async () => inMemory() })
})

describe('a fleet that breaks its word fails the suite', () => {
  const defects: readonly [
    defect: string,
    breakIt: (fleet: Required<Fleet>) => Partial<Fleet>,
    sentence: string,
  ][] = [
    [
      'chooses ids of its own',
      (fleet) => ({ launch: async (...call) => ({ ...(await fleet.launch(...call)), id: 'x' }) }),
      'a launch answers with an instance of the id, the service and the release asked for',
    ],
    [
      'knows no port',
      (fleet) => ({
        launch: async (...call) => ({ ...(await fleet.launch(...call)), address: 'here' }),
      }),
      'a launch answers with an instance of the id, the service and the release asked for',
    ],
    [
      'launches again what runs',
      (fleet) => ({ launch: launchingAgain(fleet) }),
      'a launch under an id that runs already answers with that instance, and starts no other',
    ],
    [
      'looks before it launches, but not while it does',
      (fleet) => ({ launch: racing(fleet) }),
      'launches at the same time under one id are one instance',
    ],
    [
      'gives all the same address',
      (fleet) => ({
        launch: async (...call) => ({ ...(await fleet.launch(...call)), address: 'here:80' }),
      }),
      'instances have addresses of their own',
    ],
    [
      'is never ready',
      () => ({ probe: async () => ({ ready: false, reason: 'no' }) }),
      'an instance of a sound release gets ready, and a ready one has not exited',
    ],
    [
      'calls ready whatever runs',
      (fleet) => ({ probe: probing(fleet, ({ exited = false }) => ({ ready: !exited })) }),
      'an instance that is up and not ready says why, again and again',
    ],
    [
      'gives no reason',
      (fleet) => ({ probe: probing(fleet, ({ ready, exited = false }) => ({ ready, exited })) }),
      'an instance that is up and not ready says why, again and again',
    ],
    [
      'says exited of what is not ready',
      (fleet) => ({
        probe: probing(fleet, (answer) => (answer.ready ? answer : { ...answer, exited: true })),
      }),
      'an instance that is up and not ready says why, again and again',
    ],
    [
      'does not say how an instance ended',
      (fleet) => ({
        probe: probing(fleet, (answer) => (answer.exited ? { ...answer, reason: '' } : answer)),
      }),
      'an instance that ended by itself is probed as exited, with the reason, and listed no more',
    ],
    [
      'lists what has ended',
      (fleet) => remembering(fleet),
      'an instance that ended by itself is probed as exited, with the reason, and listed no more',
    ],
    [
      'lists one service for another',
      (fleet) => ({ list: async () => fleet.list('shop') }),
      'the list shows what runs, as it was launched, and only of the service asked for',
    ],
    [
      'lists nothing',
      () => ({ list: async () => [] }),
      'the list shows what runs, as it was launched, and only of the service asked for',
    ],
    [
      'forgets an instance whose launch was aborted',
      (fleet) => forgetting(fleet),
      'a launch that is aborted leaves an instance that is listed, or none that runs, and can be repeated',
    ],
    [
      'only says that it stopped',
      () => ({ stop: async ({ id }) => ({ instance: id, graceful: true }) }),
      'a stopped instance runs no more: it is not listed, and is probed as exited',
    ],
    [
      'strikes a stopped instance off its list, and lets it run',
      (fleet) => striking(fleet),
      'a stopped instance runs no more: it is not listed, and is probed as exited',
    ],
    [
      'stops the wrong one',
      (fleet) => ({
        async stop(instance, options) {
          for (const other of await fleet.list('shop')) await fleet.stop(other, options)
          return { instance: instance.id, graceful: true }
        },
      }),
      'a stopped instance runs no more: it is not listed, and is probed as exited',
    ],
    [
      'always uses force',
      (fleet) => ({
        stop: async (...call) => ({ ...(await fleet.stop(...call)), graceful: false }),
      }),
      'an instance that stops when asked to is reported as having ended by itself',
    ],
    [
      'fails where there is nothing to stop',
      (fleet) => ({ stop: onlyWhatRuns(fleet) }),
      'to stop an instance that is gone, or never was there, is a success',
    ],
    [
      'stops once at a time',
      (fleet) => ({ stop: oneAtATime(fleet) }),
      'to stop an instance twice at the same time ends it once',
    ],
    [
      'tells twice of a crash',
      (fleet) => ({
        watch: (service, listener) =>
          fleet.watch(service, (exit) => [exit, exit].forEach((one) => listener(one))),
      }),
      'an instance that crashes is told of exactly once, and is listed no more',
    ],
    [
      'tells of a crash again when it is asked to stop',
      (fleet) => tellingOfStops(fleet, async (id) => !(await runs(fleet, id))),
      'an instance that crashes is told of exactly once, and is listed no more',
    ],
    [
      'tells of stops, too',
      (fleet) => tellingOfStops(fleet, async () => true),
      'an instance that was asked to stop is not told of',
    ],
    [
      'tells everybody of everything',
      (fleet) => ({
        watch: (_, listener) => {
          const unwatch = ['shop', 'not-shop'].map((each) => fleet.watch(each, listener))
          return () => unwatch.forEach((stop) => stop())
        },
      }),
      'who watches one service is not told of another',
    ],
    [
      'cannot be unsubscribed from',
      (fleet) => ({
        watch: (...call) => {
          fleet.watch(...call)
          return () => undefined
        },
      }),
      'who no longer watches is told nothing more, and the others still are',
    ],
    [
      'unsubscribes everybody at once',
      (fleet) => ({ watch: allOrNone(fleet) }),
      'who no longer watches is told nothing more, and the others still are',
    ],
  ]

  test.each(defects)('one that %s', async (_, breakIt, sentence) => {
    const create = async (): Promise<FleetSubject> => {
      return { ...inMemory(breakIt), patience: '200ms' }
    }
    const name = `fleet: ${sentence}`
    expect(await failuresOf(fleetConformance, create, name)).toStrictEqual([name])
  })

  test('and for every sentence of the suite there is one', () => {
    const caught = new Set(defects.map(([, , sentence]) => sentence))
    expect(sentencesOf(fleetConformance).filter((one) => !caught.has(one))).toStrictEqual([])
  })

  test('and one that keeps it passes', async () => {
    expect(await failuresOf(fleetConformance, async () => inMemory())).toStrictEqual([])
  })
})

function inMemory(breakIt: (fleet: Required<Fleet>) => Partial<Fleet> = () => ({})): FleetSubject {
  const memory = memoryFleet({
    readyAfterMs: ({ release }) => (release === 'never-ready' ? Number.POSITIVE_INFINITY : 0),
  })
  const watch: Required<Fleet>['watch'] = (...call) => memory.watch!(...call)
  const fleet = { ...memory, check: () => undefined, ...exiting(memory), watch }
  return {
    fleet: { ...fleet, ...breakIt(fleet) },
    service: 'shop',
    release: (kind) => ({ id: kind, version: '1.0.0', spec: {} }),
    crash: async ({ id }) => memory.crash(id),
    running: async () => (await memory.list('shop')).length,
    close: async () => undefined,
  }
}

/** Instances of the release `exits` end by themselves soon after their launch. */
function exiting(memory: ReturnType<typeof memoryFleet>): Pick<Fleet, 'launch'> {
  return {
    async launch(request, options) {
      const instance = await memory.launch(request, options)
      if (request.release.id === 'exits') setImmediate(() => memory.crash(instance.id))
      return instance
    },
  }
}

function probing(fleet: Fleet, change: (readiness: Readiness) => Readiness): Fleet['probe'] {
  return async (instance, options) => change(await fleet.probe(instance, options))
}

async function runs(fleet: Fleet, id: string): Promise<boolean> {
  return (await fleet.list('shop')).some((instance) => instance.id === id)
}

function launchingAgain(fleet: Fleet): Fleet['launch'] {
  return async (request, options) => {
    const again = await runs(fleet, request.id)
    return fleet.launch(again ? { ...request, id: `${request.id}-again` } : request, options)
  }
}

function racing(fleet: Fleet): Fleet['launch'] {
  const launched = new Set<string>()
  let launches = 0
  return async (request, options) => {
    const known = launched.has(request.id)
    await Promise.resolve()
    launched.add(request.id)
    launches += 1
    if (known || launches === 1) return fleet.launch(request, options)
    return fleet.launch({ ...request, id: `${request.id}-${launches}` }, options)
  }
}

function remembering(fleet: Fleet): Partial<Fleet> {
  const ever: Instance[] = []
  return {
    async launch(...call) {
      const instance = await fleet.launch(...call)
      ever.push(instance)
      return instance
    },
    list: async (service) => ever.filter((instance) => instance.service === service),
  }
}

/** Rejects an aborted launch, and does not list the instance that runs all the same. */
function forgetting(fleet: Fleet): Partial<Fleet> {
  const forgotten = new Set<string>()
  return {
    async launch(request, { signal } = {}) {
      const instance = await fleet.launch(request)
      if (signal?.aborted) forgotten.add(instance.id)
      signal?.throwIfAborted()
      return instance
    },
    list: async (service) => (await fleet.list(service)).filter(({ id }) => !forgotten.has(id)),
  }
}

function striking(fleet: Fleet): Partial<Fleet> {
  const struck = new Set<string>()
  return {
    async stop({ id }) {
      struck.add(id)
      return { instance: id, graceful: true }
    },
    probe: async (instance) =>
      struck.has(instance.id)
        ? { ready: false, exited: true, reason: 'stopped' }
        : fleet.probe(instance),
    list: async (service) => (await fleet.list(service)).filter(({ id }) => !struck.has(id)),
  }
}

function onlyWhatRuns(fleet: Fleet): Fleet['stop'] {
  return async (instance, options) => {
    if (!(await runs(fleet, instance.id))) throw new Error(`${instance.id} is gone`)
    return fleet.stop(instance, options)
  }
}

function oneAtATime(fleet: Fleet): Fleet['stop'] {
  const stopping = new Set<string>()
  return async (instance, options) => {
    if (stopping.has(instance.id)) throw new Error(`${instance.id} is being stopped already`)
    stopping.add(instance.id)
    return fleet.stop(instance, options).finally(() => stopping.delete(instance.id))
  }
}

function tellingOfStops(
  fleet: Required<Fleet>,
  told: (id: string) => Promise<boolean>,
): Partial<Fleet> {
  const listeners: ((exit: InstanceExit) => void)[] = []
  return {
    async stop(instance, options) {
      const tell = await told(instance.id)
      const report = await fleet.stop(instance, options)
      if (tell) for (const listener of listeners) listener({ ...report, service: 'shop' })
      return report
    },
    watch(service, listener) {
      listeners.push(listener)
      return fleet.watch(service, listener)
    },
  }
}

function allOrNone(fleet: Required<Fleet>): NonNullable<Fleet['watch']> {
  const subscriptions: (() => void)[] = []
  return (service, listener) => {
    subscriptions.push(fleet.watch(service, listener))
    return () => subscriptions.forEach((unsubscribe) => unsubscribe())
  }
}
