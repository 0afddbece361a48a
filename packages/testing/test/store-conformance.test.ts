import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Clock,
  type Entry,
  fileStore,
  type Lease,
  memoryStore,
  refuse,
  type RolloutSummary,
  type Store,
} from '@changeover/engine'
import { storeConformance, type StoreSubject } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { failuresOf, sentencesOf } from './fixtures/suite-failures.ts'

describe('the memory store', () => {
  storeConformance({ test, create: async () => inMemory() })
})

describe('the file store', () => {
  storeConformance({ test, create: onDisk })
})

describe('the file store in real time', () => {
  storeConformance({
    test,
    create: async () => {
      const { store, close } = await onDisk({ clock: undefined })
      return { store, close }
    },
  })
})

describe('a store that breaks its word fails the suite', () => {
  const held = (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === 'CHANGEOVER_LEASE_HELD'

  const defects: readonly [
    defect: string,
    breakIt: (store: Store) => Partial<Store>,
    sentence: string,
  ][] = [
    [
      'appends without compare-and-swap',
      (store) => ({ append: (...call) => store.append(...call).catch(() => undefined) }),
      'of several racing appends exactly one wins, and the others are told of the conflict',
    ],
    [
      'says conflict and has written all the same',
      (store) => ({ append: appendAnyway(store), read: readAll(store) }),
      'an append behind the end of the journal is refused and writes nothing',
    ],
    [
      'loses the last entry',
      (store) => ({ append: (id, seq, entries) => store.append(id, seq, entries.slice(0, -1)) }),
      'what was appended is read back, in order',
    ],
    [
      'fails where there is no journal',
      (store) => ({ read: (id) => refusingNone(store, id) }),
      'an unknown rollout reads as empty',
    ],
    [
      'gives what was read only once',
      (store) => ({ read: readingOnce(store) }),
      'a journal can be read twice',
    ],
    [
      'says done of what it could not write',
      (store) => ({ append: (...call) => store.append(...call).catch(() => undefined) }),
      'an append that would leave a gap is refused and writes nothing',
    ],
    [
      'takes a forged entry for a sound one',
      (store) => ({ append: trusting(store), read: readAll(store) }),
      'an entry that breaks the chain is refused and writes nothing',
    ],
    [
      'lists what nobody started',
      (store) => ({ rollouts: async (filter) => [...(await store.rollouts(filter)), UNHEARD_OF] }),
      'a store without journals lists no rollout',
    ],
    [
      'lists only what has finished',
      (store) => ({ rollouts: (filter) => store.rollouts({ open: false, ...filter }) }),
      'a rollout under way is listed without an outcome',
    ],
    [
      'grants leases that never end',
      (store) => ({
        lease: async (...call) => ({ ...(await store.lease(...call)), expiresAt: Infinity }),
      }),
      'a lease names its service, its holder, its fence and its end',
    ],
    [
      'looks who leads, and then grants',
      (store) => ({ lease: lookingFirst(store) }),
      'of several racing holders exactly one gets the lease',
    ],
    [
      'has one lease for all services',
      (store) => ({
        lease: async (service, ...call) => ({ ...(await store.lease('all', ...call)), service }),
      }),
      'services are leased apart from each other',
    ],
    [
      'takes the former holder back as if its lease had never lapsed',
      (store) => ({ lease: remembering(store) }),
      'a lapsed lease is granted anew to its own holder, with a higher fence',
    ],
    [
      'looks at the fences of the journal only',
      () => fencedByJournal(),
      'an older fence appends nothing as soon as a newer one was granted',
    ],
    [
      'has one fence for all services',
      (store) => fencedTogether(store),
      'a fence keeps no other service from being written, nor an own one that lapsed and nobody took',
    ],
    [
      'mixes journals',
      (store) => ({ read: () => store.read('r1') }),
      'journals of different rollouts do not mix',
    ],
    [
      'lists the newest first',
      (store) => ({ rollouts: async (filter) => [...(await store.rollouts(filter))].reverse() }),
      'rollouts are listed oldest first, those of one instant by id',
    ],
    [
      'ignores the filter',
      (store) => ({ rollouts: () => store.rollouts() }),
      'rollouts are listed by service, and by whether they are under way',
    ],
    [
      'forgets the outcome',
      (store) => ({ rollouts: async (filter) => (await store.rollouts(filter)).map(unfinished) }),
      'a finished rollout is listed with its outcome and its end',
    ],
    [
      'repeats a fence',
      (store) => ({ lease: async (...call) => ({ ...(await store.lease(...call)), fence: 1 }) }),
      'a lapsed lease is granted to another holder, with a higher fence',
    ],
    [
      'grants a lease that is held',
      (store) => ({
        lease: (service, holder, ttlMs) =>
          store.lease(service, holder, ttlMs).catch(async (error: unknown) => {
            if (!held(error)) throw error
            return { service, holder, fence: 2, expiresAt: 2 }
          }),
      }),
      'a second holder is refused, and told who leads and for how long',
    ],
    [
      'raises the fence with each renewal',
      (store) => ({ lease: growing(store) }),
      'a renewal by the holder keeps the fence and moves the end',
    ],
    [
      'keeps a released lease',
      () => ({ release: async () => undefined }),
      'a released lease is granted at once, with a higher fence',
    ],
    [
      'lets a stale release end the lease in force',
      (store) => ({ release: releaseAny(store) }),
      'the release of a lease that is no longer in force does nothing',
    ],
    [
      'goes on telling whoever has had enough',
      (store) => ({
        watch(listener) {
          store.watch?.(listener)
          return () => undefined
        },
      }),
      'whoever watches is told of what was appended, until it has enough',
    ],
    [
      'leaves out why',
      (store) => ({
        send: (id, command, wait) => sendTo(store)(id, { ...command, reason: '' }, wait),
      }),
      'a command reaches the engine that leads, as it was sent',
    ],
    [
      'takes each sending for a command of its own',
      (store) => {
        let count = 0
        return {
          send: (id, command, wait) =>
            sendTo(store)(id, { ...command, id: `again-${(count += 1)}` }, wait),
        }
      },
      'a command id is taken once, however often it is sent',
    ],
    [
      'takes a refusal for an answer',
      (store) => ({ send: (...call) => sendTo(store)(...call).catch(() => undefined) }),
      'whoever sent a command is told what it was refused with',
    ],
    [
      'gives a command up and leaves it lying there',
      (store) => ({ send: withdrawingNothing(store) }),
      'a command that nobody took by its deadline is taken by nobody later',
    ],
    [
      'asks for an engine only once',
      () => ({ send: () => Promise.reject(refuse('CHANGEOVER_COMMAND_REFUSED', {})) }),
      'a command waits for the engine that leads next',
    ],
    [
      'cannot be closed twice',
      () => ({ close: onlyOnce() }),
      'closing twice is the same as closing once',
    ],
  ]

  test.each(defects)('one that %s', async (_, breakIt, sentence) => {
    const create = async (): Promise<StoreSubject> => {
      const subject = inMemory()
      return { ...subject, store: { ...subject.store, ...breakIt(subject.store) } }
    }
    const name = `store: ${sentence}`
    expect(await failuresOf(storeConformance, create, name)).toStrictEqual([name])
  })

  const forgotten = [
    'what was acknowledged survives a reopening',
    'the list of rollouts survives a reopening',
    'a lease in force survives a reopening',
    'an older fence appends nothing after a reopening either',
    'the fence goes on growing after a release and a reopening',
  ]

  test('one that loses everything when it is reopened', async () => {
    const failures = await failuresOf(storeConformance, async () => ({
      ...inMemory(),
      reopen: async () => memoryStore(),
    }))
    expect(failures).toStrictEqual(forgotten.map((sentence) => `store: ${sentence}`))
  })

  test('and for every sentence of the suite there is one', () => {
    const caught = new Set([...defects.map(([, , sentence]) => sentence), ...forgotten])
    expect(sentencesOf(storeConformance).filter((one) => !caught.has(one))).toStrictEqual([])
  })

  test('and one that keeps it passes', async () => {
    expect(await failuresOf(storeConformance, async () => inMemory())).toStrictEqual([])
  })
})

function inMemory(): StoreSubject {
  const { clock, advance } = handClock()
  const store = memoryStore({ clock })
  return { store, reopen: async () => store, advance, close: () => store.close() }
}

async function onDisk(options: { clock?: undefined } = {}): Promise<StoreSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'changeover-conformance-'))
  const { clock, advance } = handClock()
  const open = (): Store => fileStore('clock' in options ? { directory } : { directory, clock })
  let current = open()
  return {
    store: current,
    async reopen() {
      await current.close()
      current = open()
      return current
    },
    advance,
    async close() {
      await current.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** Time that stands still until it is moved. */
function handClock(): { clock: Clock; advance: (ms: number) => Promise<void> } {
  let now = 0
  return {
    clock: { now: () => now, sleep: async () => undefined },
    advance: async (ms) => void (now += ms),
  }
}

function sendTo(store: Store): NonNullable<Store['send']> {
  return (...call) => store.send?.(...call) ?? Promise.reject(new Error('it has no send'))
}

function withdrawingNothing(store: Store): NonNullable<Store['send']> {
  const lying: Parameters<NonNullable<Store['send']>>[] = []
  return async (...call) => {
    for (const one of lying.splice(0))
      await sendTo(store)(one[0], { ...one[1], id: 'late' }, one[2])
    await sendTo(store)(...call).catch((error: unknown) => {
      lying.push(call)
      throw error
    })
  }
}

function appendAnyway(store: Store): Store['append'] {
  return async (id, seq, entries) => {
    try {
      await store.append(id, seq, entries)
    } catch (error) {
      extra.set(store, entries)
      throw error
    }
  }
}

const extra = new WeakMap<Store, Parameters<Store['append']>[2]>()

function readAll(store: Store): Store['read'] {
  return async function* (id) {
    yield* store.read(id)
    yield* extra.get(store) ?? []
  }
}

async function* refusingNone(store: Store, id: string): AsyncGenerator<Entry> {
  let some = false
  for await (const entry of store.read(id)) {
    some = true
    yield entry
  }
  if (!some) throw new Error(`there is no ${id}`)
}

function readingOnce(store: Store): Store['read'] {
  const read = new Set<string>()
  return async function* (id) {
    if (!read.has(id)) yield* store.read(id)
    read.add(id)
  }
}

function trusting(store: Store): Store['append'] {
  return (id, seq, entries) =>
    store.append(id, seq, entries).catch(() => void extra.set(store, entries))
}

const UNHEARD_OF: RolloutSummary = {
  id: 'r0',
  service: 'shop',
  from: undefined,
  to: { id: 'a', version: '1.0.0', spec: {} },
  replicas: 1,
  startedAt: 0,
  finishedAt: undefined,
  outcome: undefined,
}

/** Another holder that looks before the first one was granted the lease finds it free. */
function lookingFirst(store: Store): Store['lease'] {
  let leader: Lease | undefined
  return async (service, holder, ttlMs) => {
    const seen = leader
    await Promise.resolve()
    if (seen) return store.lease(service, holder, ttlMs)
    leader = { service, holder, fence: 1, expiresAt: ttlMs }
    return leader
  }
}

/** Renews by name, whatever has become of the lease. */
function remembering(store: Store): Store['lease'] {
  const granted = new Map<string, Lease>()
  return async (...call) => {
    const known = granted.get(call[1])
    const lease = await store.lease(...call)
    granted.set(call[1], lease)
    return known ? { ...lease, fence: known.fence } : lease
  }
}

/** Keeps its leases where its journals are not: an append knows no fence but that of the entry before. */
function fencedByJournal(): Partial<Store> {
  const { clock, advance } = handClock()
  const [journals, leases] = [memoryStore({ clock }), memoryStore({ clock })]
  return {
    append: (...call) => journals.append(...call),
    read: (id) => journals.read(id),
    async lease(service, holder, ttlMs) {
      if (holder !== 'engine-1') await advance(ttlMs)
      return leases.lease(service, holder, ttlMs)
    },
  }
}

function fencedTogether(store: Store): Partial<Store> {
  let highest = 0
  return {
    async append(id, seq, entries) {
      const stale = entries.some(({ fence }) => fence < highest)
      if (stale) throw refuse('CHANGEOVER_FENCE_STALE', { fence: 1, service: id, current: 'one' })
      return store.append(id, seq, entries)
    },
    async lease(...call) {
      const lease = await store.lease(...call)
      highest = Math.max(highest, lease.fence)
      return lease
    },
  }
}

function growing(store: Store): Store['lease'] {
  let renewals = 0
  return async (...call) => {
    const lease = await store.lease(...call)
    renewals += 1
    return { ...lease, fence: lease.fence + renewals }
  }
}

/** Takes whatever lease there is for the one given back. */
function releaseAny(store: Store): Store['release'] {
  return async (lease: Lease) => {
    for (const fence of [lease.fence, lease.fence + 1]) await store.release({ ...lease, fence })
  }
}

function unfinished(summary: RolloutSummary): RolloutSummary {
  return { ...summary, outcome: undefined, finishedAt: undefined }
}

function onlyOnce(): Store['close'] {
  let closed = false
  return async () => {
    if (closed) throw new Error('closed already')
    closed = true
  }
}
