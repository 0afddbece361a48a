import { type Entry, fileStore, type FileStoreOptions } from '@changeover/engine'
import { readdirSync, readlinkSync } from 'node:fs'
import {
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startChild } from './child.ts'
import { asJson, collect, createdBody, journalMaker, temporaryFolder } from './journal-maker.ts'

const LONG_MS = 600_000

let directory: string

beforeEach(async () => {
  directory = await temporaryFolder()
})

test('the folders are for their owner alone, whatever the process allows others', async () => {
  await rm(directory, { recursive: true })
  const before = process.umask(0)
  try {
    await open().append('r1', 0, [journalMaker('r1').created()])
  } finally {
    process.umask(before)
  }
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
})

describe('appending', () => {
  test('a conflict writes nothing, not even an empty file', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created()])
    const before = await readFile(journalPath('r1'))
    const late = journalMaker('r1').created('mail')
    await expect(store.append('r1', 0, [late])).rejects.toMatchObject({
      code: 'CHANGEOVER_CONFLICT',
      details: { rollout: 'r1', expected: 0, actual: 1 },
    })
    await expect(store.append('r2', 1, ready(1))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONFLICT',
    })
    expect(await readFile(journalPath('r1'))).toStrictEqual(before)
    expect(await readdir(join(directory, 'rollouts'))).toStrictEqual(['r1.jsonl'])
  })

  test('an entry that does not follow is refused before anything is written', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created()])
    const [good, bad] = ready(2)
    const forged = { ...bad!, at: 5 }
    await expect(store.append('r1', 1, [good!, forged])).rejects.toMatchObject({
      code: 'CHANGEOVER_ENTRY_INVALID',
      details: { seq: 2, problem: 'its content does not match its hash' },
    })
    expect(await collect(store.read('r1'))).toHaveLength(1)
    await store.append('r1', 1, [good!, bad!])
  })

  test('calls made at once on one journal run one after the other', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    const entries = [created(), ...ready(30)]
    await Promise.all(entries.map((entry) => store.append('r1', entry.seq, [entry])))
    expect(await collect(store.read('r1'))).toStrictEqual(asJson(entries))
  })

  test('a journal that became shorter is a conflict, not a hole', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created()])
    const first = await readFile(journalPath('r1'))
    await store.append('r1', 1, ready(1))
    await truncate(journalPath('r1'), first.length)
    await expect(store.append('r1', 2, ready(1))).rejects.toMatchObject({
      code: 'CHANGEOVER_CONFLICT',
      details: { actual: 1 },
    })
  })

  test('an entry keeps any text', async () => {
    const store = open()
    const { created, next } = journalMaker('r1')
    const message = 'two\nlines, \u2028, \0, "quotes", ümlaut, 🙂, \ud800'
    const entries = [created(), next({ type: 'noticed', message })]
    await store.append('r1', 0, entries)
    expect(await collect(store.read('r1'))).toStrictEqual(asJson(entries))
  })

  test('what is acknowledged is on the disk', async () => {
    const store = open()
    const calls = await watchFiles(['appendFile', 'writeFile', 'datasync', 'sync'])
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created()])
    const foldersMade = calls.indexOf('appendFile')
    expect(calls.splice(0).slice(foldersMade)).toStrictEqual(['appendFile', 'datasync', 'sync'])
    await store.append('r1', 1, ready(10))
    expect(calls.splice(0)).toStrictEqual(['appendFile', 'datasync'])
    await store.lease('shop', 'a', LONG_MS)
    expect(calls.splice(0)).toStrictEqual(['writeFile', 'sync', 'sync'])
  })

  test('a failing disk is told as such, with its reason', async () => {
    await writeFile(join(directory, 'file'), '')
    const store = fileStore({ directory: join(directory, 'file') })
    const appending = store.append('r1', 0, [journalMaker('r1').created()])
    await expect(appending).rejects.toMatchObject({
      code: 'CHANGEOVER_STORE_FAILED',
      details: { call: 'append' },
      cause: { code: 'ENOTDIR' },
    })
  })
})

describe('listing rollouts', () => {
  test('reads only the ends of a journal, so that many long ones stay cheap', async () => {
    const store = open()
    await writeRollout('r1', { entries: 500, finished: true })
    const bytes = await readFile(journalPath('r1'))
    bytes.fill('x', 40_000, 40_100)
    await writeFile(journalPath('r1'), bytes)
    expect(await store.rollouts()).toMatchObject([{ id: 'r1', outcome: 'promoted' }])
    await expect(collect(store.read('r1'))).rejects.toThrow('damaged')
  })

  test('finds both ends of a journal whose entries are larger than a read', async () => {
    const store = open()
    const { next } = journalMaker('r1')
    const large = 'x'.repeat(100_000)
    await store.append('r1', 0, [
      next(createdBody('shop', large)),
      next({ type: 'finished', outcome: 'rolled-back', reason: large }),
    ])
    expect(await store.rollouts()).toMatchObject([{ id: 'r1', outcome: 'rolled-back' }])
  })

  test.each([10, 100_000])('looks through a torn tail of %d bytes', async (bytes) => {
    const store = open()
    const line = await writeRollout('r1', { entries: 1, finished: false })
    await writeFile(journalPath('r1'), line + '{"v":1,'.padEnd(bytes, ' '))
    expect(await store.rollouts()).toMatchObject([{ id: 'r1', outcome: undefined }])
  })

  test('leaves out a rollout whose first entry was never acknowledged, and files of others', async () => {
    const store = open()
    await mkdir(join(directory, 'rollouts'), { recursive: true })
    await writeFile(journalPath('r1'), '{"v":1,"roll')
    await writeFile(journalPath('r2'), '')
    await writeFile(join(directory, 'rollouts', 'r3 (copy).jsonl'), 'anything')
    await writeFile(join(directory, 'rollouts', 'notes.txt'), 'anything')
    expect(await store.rollouts()).toStrictEqual([])
  })

  test('reads a journal that has its end once, and knows when it is deleted', async () => {
    const store = open()
    const other = fileStore({ directory })
    const [ended, running] = [journalMaker('ended'), journalMaker('running')]
    await store.append('ended', 0, [
      ended.created(),
      ended.next({ type: 'finished', outcome: 'promoted' }),
    ])
    await store.append('running', 0, [running.created('blog')])
    const told = async (service?: string): Promise<string[]> => {
      const all = await store.rollouts(service === undefined ? {} : { service })
      return all.map(({ id, outcome = 'open' }) => `${id} ${outcome}`)
    }
    expect(await told()).toEqual(['ended promoted', 'running open'])
    const path = join(directory, 'rollouts', 'ended.jsonl')
    await writeFile(path, 'whoever reads this fails\n')
    await other.append('running', 1, [running.next({ type: 'finished', outcome: 'rolled-back' })])
    expect(await told()).toEqual(['ended promoted', 'running rolled-back'])
    expect(await told('blog')).toEqual(['running rolled-back'])
    await rm(path)
    expect(await told()).toEqual(['running rolled-back'])
    expect(await told('shop')).toEqual([])
    await other.close()
  })

  test('lists more rollouts than files may be open at once', async () => {
    const store = open()
    const ids = Array.from({ length: 50 }, (_, n) => `r${String(n).padStart(2, '0')}`)
    for (const id of ids) await writeRollout(id, { entries: 1, finished: false })
    expect((await store.rollouts()).map(({ id }) => id)).toStrictEqual(ids)
  })
})

describe('names', () => {
  test.each([
    '',
    '.',
    '..',
    '../r1',
    'a/b',
    'a\\b',
    '/etc/passwd',
    '.hidden',
    'a\0b',
    'a b',
    'ä',
    'x\n',
    'x'.repeat(161),
  ])('%j is refused before it could become a path', async (name) => {
    const store = open()
    const refusal = { code: 'CHANGEOVER_OPTION_INVALID', details: { value: name } }
    const entry = journalMaker(name).created()
    await expect(store.append(name, 0, [entry])).rejects.toMatchObject(refusal)
    await expect(collect(store.read(name))).rejects.toMatchObject(refusal)
    await expect(store.lease(name, 'a', LONG_MS)).rejects.toMatchObject(refusal)
    const lease = { service: name, holder: 'a', fence: 1, expiresAt: 1 }
    await expect(store.release(lease)).rejects.toMatchObject(refusal)
    expect(await readdir(directory)).toStrictEqual([])
  })

  test('the longest names work, a rollout named after its service included', async () => {
    const store = open()
    const service = 'x'.repeat(128)
    const id = service.padEnd(160, '-1')
    await store.append(id, 0, [journalMaker(id).created(service)])
    await store.lease(service, 'a', LONG_MS)
    expect(await store.rollouts({ service })).toMatchObject([{ id }])
    await expect(store.lease(`${service}x`, 'a', LONG_MS)).rejects.toThrow('Use up to 128 letters')
  })
})

describe('options', () => {
  test.each([
    ['directory', { directory: '' }],
    ['directory', {}],
    ['clock', { directory: 'd', clock: { now: 5 } }],
    ['logger', { directory: 'd', logger: 'console' }],
    ['folder', { directory: 'd', folder: 'e' }],
  ])('a wrong %s is refused by its name', (field, options) => {
    expect(() => fileStore(options as FileStoreOptions)).toThrow(`Option "fileStore.${field}"`)
  })
})

describe('closing', () => {
  test('waits for what is under way, and gives the same promise again', async () => {
    const store = open()
    const appending = store.append('r1', 0, [journalMaker('r1').created()])
    const closed = store.close()
    expect(store.close()).toBe(closed)
    await closed
    await appending
    expect(await collect(open().read('r1'))).toHaveLength(1)
  })

  test('refuses every later call', async () => {
    const store = open()
    await store.close()
    const lease = { service: 'shop', holder: 'a', fence: 1, expiresAt: 1 }
    const calls = {
      append: () => store.append('r1', 0, []),
      read: () => collect(store.read('r1')),
      rollouts: () => store.rollouts(),
      lease: () => store.lease('shop', 'a', LONG_MS),
      release: () => store.release(lease),
    }
    for (const [call, make] of Object.entries(calls)) {
      await expect(make()).rejects.toMatchObject({
        code: 'CHANGEOVER_STORE_CLOSED',
        details: { call },
      })
    }
  })

  test('ends the waiting for a lock', async () => {
    const store = open()
    await store.append('r1', 0, [journalMaker('r1').created()])
    const child = startChild('lock-holder.mjs', `${journalPath('r1')}.lock`)
    await child.printed(1)
    const waiting = Promise.allSettled([store.append('r1', 1, [])])
    await delay(20)
    await store.close()
    expect(await waiting).toMatchObject([{ reason: { code: 'CHANGEOVER_STORE_CLOSED' } }])
  })

  test('a reading that is not at its end fails, rather than look complete', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created(), ...ready(2)])
    const found: Entry[] = []
    const reading = (async () => {
      for await (const entry of store.read('r1')) {
        found.push(entry)
        await store.close()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'CHANGEOVER_STORE_CLOSED' })
    expect(found).toHaveLength(1)
  })

  test.runIf(process.platform === 'linux')('leaves no file open', async () => {
    const store = open()
    const { created, ready } = journalMaker('r1')
    await store.append('r1', 0, [created(), ...ready(2)])
    await store.rollouts()
    for await (const entry of store.read('r1')) if (entry.seq === 1) break
    expect(openFiles()).toStrictEqual([])
    const abandoned = store.read('r1')[Symbol.asyncIterator]()
    await abandoned.next()
    expect(openFiles()).toStrictEqual([journalPath('r1')])
    await store.close()
    expect(openFiles()).toStrictEqual([])
  })
})

function open(): ReturnType<typeof fileStore> {
  return fileStore({ directory })
}

function journalPath(rollout: string): string {
  return join(directory, 'rollouts', `${rollout}.jsonl`)
}

async function writeRollout(
  id: string,
  { entries, finished }: { entries: number; finished: boolean },
): Promise<string> {
  await using store = open()
  const { created, ready, next } = journalMaker(id)
  const journal = [created(), ...ready(entries - 1)]
  if (finished) journal.push(next({ type: 'finished', outcome: 'promoted' }))
  await store.append(id, 0, journal)
  return readFile(journalPath(id), 'utf8')
}

/** Notes which of these methods are called on any open file, and lets them through. */
async function watchFiles(
  methods: readonly ('appendFile' | 'writeFile' | 'datasync' | 'sync')[],
): Promise<string[]> {
  const handle = await openFile(directory)
  const anyFile = Object.getPrototypeOf(handle) as typeof handle
  await handle.close()
  const calls: string[] = []
  for (const method of methods) {
    const original = anyFile[method] as (...given: unknown[]) => Promise<void>
    const spy = vi.spyOn(anyFile, method).mockImplementation(function (
      this: unknown,
      ...given: unknown[]
    ) {
      calls.push(method)
      return original.apply(this, given)
    })
    onTestFinished(() => spy.mockRestore())
  }
  return calls
}

/** The files in the store's folder that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(directory) ? [path] : []
    } catch {
      return []
    }
  })
}
