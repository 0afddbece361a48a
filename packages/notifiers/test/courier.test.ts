import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import {
  createEngine,
  type Entry,
  fileStore,
  memoryFleet,
  memoryRouter,
  memoryStore,
  type Notifier,
  rolling,
  type Store,
  type StoreChange,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Courier, type CourierOptions, createCourier, webhookNotifier } from '../src/index.ts'
import {
  createdBody,
  finished,
  journalWriter,
  readies,
  temporaryDirectory,
} from './journal-under-test.ts'
import { startReceiver } from './receiver.ts'

/** Keeps what it was told, or fails as it is told to. */
function listener(fail: (entry: Entry) => Promise<void> | void = () => undefined): {
  readonly told: string[]
  readonly notifier: Notifier
} {
  const told: string[] = []
  return {
    told,
    notifier: {
      async notify(entry) {
        await fail(entry)
        told.push(`${entry.rollout}:${entry.seq}`)
      },
    },
  }
}

function courierOf(
  store: Store,
  notifier: Notifier,
  options: Partial<CourierOptions> = {},
): Courier {
  const courier = createCourier({
    store,
    notifiers: { chat: notifier },
    directory: temporaryDirectory(),
    retryAfter: 1,
    ...options,
  })
  onTestFinished(() => courier.close())
  return courier
}

const numbered = (rollout: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `${rollout}:${from + n}`)

/** A store that tells of what others appended, and counts how often a journal is read. */
function sharedStore(): Store & { tell(change: StoreChange): void; readonly reads: string[] } {
  const store = memoryStore()
  const listeners = new Set<(change: StoreChange) => void>()
  const reads: string[] = []
  return {
    ...store,
    reads,
    read(rollout) {
      reads.push(rollout)
      return store.read(rollout)
    },
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell: (change) => listeners.forEach((listener) => listener(change)),
  }
}

describe('a courier', () => {
  test('tells all that an engine journals, in order, and to the end', async () => {
    const store = memoryStore()
    const { told, notifier } = listener()
    const courier = courierOf(store, notifier)
    await courier.started
    const clock = virtualClock()
    const ports = { router: memoryRouter(), fleet: memoryFleet({ clock }), clock }
    const engine = createEngine({ store, ...ports })
    onTestFinished(() => engine.close())
    const release = { id: 'v1', version: '1.0.0', spec: {} }
    const request = { service: 'shop', release, replicas: 2, strategy: rolling() }

    const rollout = await clock.run(engine.start(request))
    await clock.run(rollout.finished)
    await courier.idle()

    let end = 0
    for await (const { seq } of store.read(rollout.id)) end = seq + 1
    expect(end).toBeGreaterThan(10)
    expect(told).toEqual(numbered(rollout.id, 0, end))
  })

  test('reads a journal once while its own engine publishes what follows', async () => {
    const store = sharedStore()
    const { told, notifier } = listener()
    const courier = courierOf(store, notifier)
    await courier.started
    const writer = journalWriter(store, 'r-1')

    await writer.append(createdBody(), ...readies(3))
    await courier.idle()
    for (let n = 0; n < 20; n++) {
      await writer.append(...readies(2))
      await courier.idle()
    }

    expect(told).toEqual(numbered('r-1', 0, 44))
    expect(store.reads).toEqual(['r-1'])
  })

  test('hears from the store of what other processes append, and asks the journal', async () => {
    const store = sharedStore()
    const { told, notifier } = listener()
    const courier = courierOf(store, notifier)
    await courier.started
    const writer = journalWriter(store, 'r-1', false)

    await writer.append(createdBody(), ...readies(3))
    store.tell({ rollout: 'r-1', service: 'shop', seq: 3 })
    await courier.idle()
    await writer.append(finished)
    store.tell({ rollout: 'r-1', service: 'shop', seq: 4 })
    store.tell({ rollout: 'r-1', service: 'shop', seq: 4 })
    await courier.idle()
    store.tell({ rollout: 'r-1', service: 'shop', seq: 4 })
    await courier.idle()

    expect(told).toEqual(numbered('r-1', 0, 5))
  })

  test('tells what was journaled while it was away, once, and nothing that had ended before it first came', async () => {
    const store = memoryStore()
    const directory = temporaryDirectory()
    await journalWriter(store, 'before').append(createdBody(), finished)
    const open = journalWriter(store, 'open')
    await open.append(createdBody('store'), ...readies(1))
    const first = listener()
    const before = courierOf(store, first.notifier, { directory })
    await before.idle()
    await before.close()
    await open.append(...readies(2))
    await journalWriter(store, 'missed').append(createdBody(), finished)
    const second = listener()
    const again = courierOf(store, second.notifier, { directory })
    await again.idle()
    await again.close()
    const third = listener()

    await courierOf(store, third.notifier, { directory }).idle()

    expect(first.told).toEqual(numbered('open', 0, 2))
    expect(second.told.toSorted()).toEqual([...numbered('missed', 0, 2), ...numbered('open', 2, 4)])
    expect(third.told).toEqual([])
  })

  test('lets no rollout and no notifier wait for another one that cannot be told', async () => {
    const store = memoryStore()
    const bad = listener(({ rollout, seq }) => {
      if (rollout === 'r-1' && seq === 1) throw new Error('not now')
    })
    const hanging = listener(() => new Promise(() => undefined))
    const good = listener()
    const notifiers = { bad: bad.notifier, hanging: hanging.notifier, good: good.notifier }
    const courier = courierOf(store, bad.notifier, { notifiers, closeWithin: 1 })
    await courier.started
    for (const rollout of ['r-1', 'r-2'])
      await journalWriter(store, rollout).append(createdBody(), ...readies(2))

    await expect.poll(() => bad.told.length + good.told.length).toBe(10)

    expect(bad.told.toSorted()).toEqual(['r-1:0', 'r-2:0', 'r-2:1', 'r-2:2'])
    expect(hanging.told).toEqual([])
  })

  test('tells only what it is to tell, and all of a rollout that is taken over', async () => {
    const store = sharedStore()
    const { told, notifier } = listener()
    const only: CourierOptions['only'] = ({ holder, service }) =>
      holder === 'me' && service === 'shop'
    const courier = courierOf(store, notifier, { only, clock: virtualClockThatRuns() })
    await courier.started
    const mine = journalWriter(store, 'mine')
    const taken = journalWriter(store, 'taken')
    const others = journalWriter(store, 'others')

    await mine.append(createdBody(), { type: 'led', holder: 'me' })
    await taken.append(createdBody(), { type: 'led', holder: 'other' }, ...readies(1))
    await others.append(createdBody(), { type: 'led', holder: 'other' }, finished)
    await courier.idle()
    expect(told).toEqual(numbered('mine', 0, 2))
    await taken.append({ type: 'led', holder: 'me' }, finished)
    await courier.idle()

    expect(told.slice(2)).toEqual(numbered('taken', 0, 5))
  })

  test('does not mind entries of another store in the same process', async () => {
    const { told, notifier } = listener()
    const directory = temporaryDirectory()
    const courier = courierOf(memoryStore(), notifier, { directory })
    await courier.started

    await journalWriter(memoryStore(), 'elsewhere').append(createdBody(), finished)
    await courier.idle()
    await courier.close()

    expect(told).toEqual([])
    expect(readFileSync(join(directory, 'chat.json'), 'utf8')).not.toContain('elsewhere')
  })
})

/** Sleeps no longer than a turn of the event loop. */
function virtualClockThatRuns(): NonNullable<CourierOptions['clock']> {
  let now = 0
  return {
    now: () => now,
    async sleep(ms, { signal } = {}) {
      await turn()
      signal?.throwIfAborted()
      now += ms
    },
  }
}

describe('an entry that cannot be told', () => {
  test('is tried again after pauses that grow, until it is told; those after it wait', async () => {
    const store = memoryStore()
    const pauses: number[] = []
    const clock = virtualClockThatRuns()
    const sleep: typeof clock.sleep = (ms, options) => {
      pauses.push(ms)
      return clock.sleep(ms, options)
    }
    let failures = 0
    const { told, notifier } = listener(({ seq }) => {
      if (seq === 1 && failures++ < 12) throw new Error('not now')
    })
    const courier = courierOf(store, notifier, {
      clock: { now: () => clock.now(), sleep },
      retryAfter: '1s',
    })
    await courier.started

    await journalWriter(store, 'r-1').append(createdBody(), ...readies(2))
    await courier.idle()

    expect(told).toEqual(numbered('r-1', 0, 3))
    expect(pauses).toHaveLength(12)
    for (const [n, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(Math.min(300_000, 1000 * 2 ** n) / 2)
      expect(pause).toBeLessThanOrEqual(Math.min(300_000, 1000 * 2 ** n))
    }
  })

  test('is dropped after a day, with a line in the log, and those after it are told', async () => {
    const store = memoryStore()
    const lines: { level: number; msg: string; seq?: number }[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) })
    let attempts = 0
    const { told, notifier } = listener(({ seq }) => {
      if (seq === 1 && attempts++ >= 0) throw new Error('never')
    })
    const courier = courierOf(store, notifier, { clock: virtualClockThatRuns(), logger })
    await courier.started

    await journalWriter(store, 'r-1').append(createdBody(), ...readies(2))
    await courier.idle()

    expect(told).toEqual(['r-1:0', 'r-1:2'])
    // A day of pauses of 5 minutes at most.
    expect(attempts).toBeGreaterThan(288)
    const errors = lines.filter(({ level }) => level >= 50)
    expect(errors).toMatchObject([{ msg: 'an entry is given up, and is not told', seq: 1 }])
  })

  test('because it is refused for good is not tried again, with a line in the log', async () => {
    const lines: { level: number; msg: string }[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) })
    const { url, received } = await startReceiver((response, n) => {
      response.writeHead(n === 0 ? 400 : 204).end()
    })
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
    const store = memoryStore()
    const courier = courierOf(store, webhookNotifier({ url, secret, events: 'all' }), { logger })
    await courier.started

    await journalWriter(store, 'r-1').append(createdBody(), ...readies(1))
    await courier.idle()

    expect(received.map(({ message }) => message.id)).toEqual(['r-1:0', 'r-1:1'])
    const errors = lines.filter(({ level }) => level >= 50)
    expect(errors).toMatchObject([{ msg: 'an entry was refused for good, and is not told' }])
  })

  test('since its journal cannot be read just now is told when it can', async () => {
    const store = memoryStore()
    let failures = 0
    const shaky: Store = {
      ...store,
      async *read(rollout) {
        yield* store.read(rollout)
        if (failures++ < 3) throw new Error('the database is away')
      },
    }
    const { told, notifier } = listener()
    const courier = courierOf(shaky, notifier)
    await courier.started

    await journalWriter(store, 'r-1').append(createdBody(), ...readies(2))
    await courier.idle()

    expect(told).toEqual(numbered('r-1', 0, 3))
  })

  test('because its journal is gone is told in the log, and forgotten', async () => {
    const directory = temporaryDirectory()
    const open = { gone: { next: 3 } }
    writeFileSync(join(directory, 'chat.json'), JSON.stringify({ v: 1, floor: -1, open, told: {} }))
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const courier = courierOf(memoryStore(), listener().notifier, { directory, logger })

    await courier.idle()
    await courier.close()

    expect(lines.join()).toContain('a journal is gone before it was told')
    expect(readFileSync(join(directory, 'chat.json'), 'utf8')).not.toContain('gone')
  })
})

describe('closing a courier', () => {
  test('waits for what is under way, begins nothing, and writes down what was told', async () => {
    const store = memoryStore()
    const directory = temporaryDirectory()
    let go = (): void => undefined
    const first = listener(() => new Promise<void>((resolve) => (go = resolve)))
    const courier = courierOf(store, first.notifier, { directory })
    await courier.started
    await journalWriter(store, 'r-1').append(createdBody(), ...readies(2))
    await turn()

    const closing = courier.close()
    await turn()
    go()
    await closing

    expect(courier.close()).toBe(closing)
    expect(first.told).toEqual(['r-1:0'])
    const second = listener()
    await courierOf(store, second.notifier, { directory }).idle()
    expect(second.told.toSorted()).toEqual(numbered('r-1', 1, 3))
  })

  test('breaks off by its signal what does not end in time, and what pauses at once', async () => {
    const store = memoryStore()
    const aborted: boolean[] = []
    const hanging: Notifier = {
      notify: (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            aborted.push(true)
            reject(new Error('broken off'))
          })
        }),
    }
    const failing = listener(() => {
      throw new Error('not now')
    })
    const controller = new AbortController()
    const courier = courierOf(store, hanging, {
      notifiers: { hanging, failing: failing.notifier },
      closeWithin: '20ms',
      retryAfter: '1h',
      signal: controller.signal,
    })
    await courier.started
    await journalWriter(store, 'r-1').append(createdBody())
    await turn()

    controller.abort()
    await courier.close()

    expect(aborted).toEqual([true])
    expect(failing.told).toEqual([])
  })
})

describe('what was told', () => {
  test('is readable to its owner alone', async () => {
    const directory = join(temporaryDirectory(), 'notifications')
    await courierOf(memoryStore(), listener().notifier, { directory }).started

    expect(readdirSync(directory)).toEqual(['chat.json'])
    expect(statMode(directory)).toBe('700')
    expect(statMode(join(directory, 'chat.json'))).toBe('600')
  })

  test.each([
    ['{"v":1,"open', 'JSON'],
    ['{"v":2}', 'it is not what a courier writes'],
  ])('that cannot be read (%s) is refused, and left as it is', async (text, problem) => {
    const directory = temporaryDirectory()
    const path = join(directory, 'chat.json')
    writeFileSync(path, text)
    const { told, notifier } = listener()
    const store = memoryStore()
    const courier = courierOf(store, notifier, { directory })

    await expect(courier.started).rejects.toMatchObject({
      code: 'CHANGEOVER_COURIER_STATE_UNREADABLE',
      message: expect.stringContaining(problem) as string,
      details: { path },
    })
    await journalWriter(store, 'r-1').append(createdBody())
    await courier.close()
    expect(told).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('that cannot be written down is told all the same, and again after a restart', async () => {
    const directory = join(temporaryDirectory(), 'notifications')
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const store = fileStore({ directory: temporaryDirectory() })
    onTestFinished(() => store.close())
    const { told, notifier } = listener()
    const courier = courierOf(store, notifier, { directory, logger })
    await courier.started
    // Stands for a full disk: the draft cannot be made.
    mkdirSync(join(directory, 'chat.json.tmp'))
    chmodSync(directory, 0o500)

    await journalWriter(store, 'r-1').append(createdBody(), ...readies(1))
    await courier.idle()
    await courier.close()

    expect(told).toEqual(numbered('r-1', 0, 2))
    expect(lines.join()).toContain('what was told could not be written down')
    expect(existsSync(join(directory, 'chat.json'))).toBe(true)
  })
})

function statMode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

describe('an option that cannot work is refused by name', () => {
  const store = memoryStore()
  const notifiers = { chat: listener().notifier }
  const directory = '/nowhere'
  test.each<[Record<string, unknown>, RegExp]>([
    [{ notifiers, directory }, /"store" was refused/],
    [{ store, directory }, /"notifiers" was refused/],
    [{ store, notifiers: { chat: {} }, directory }, /"notifiers\.chat" was refused/],
    [
      { store, notifiers: { '../x': notifiers.chat }, directory },
      /"notifiers\.\.\.\/x" was refused/,
    ],
    [{ store, notifiers }, /"directory" was refused/],
    [{ store, notifiers, directory, only: 'mine' }, /"only" was refused: not a function/],
    [{ store, notifiers, directory, giveUpAfter: 'never' }, /"giveUpAfter" is not a duration/],
    [{ store, notifiers, directory, closeWithin: 0 }, /"closeWithin" was refused: it is 0/],
    [{ store, notifiers, directory, retries: 3 }, /"retries" was refused/],
  ])('%#', (options, message) => {
    expect(() => createCourier(options as unknown as CourierOptions)).toThrow(message)
  })
})
