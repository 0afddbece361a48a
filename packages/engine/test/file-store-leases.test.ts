import { fileStore, systemClock } from '@changeover/engine'
import { lstatSync, readlinkSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { withFileLock } from '../src/file-lock.ts'
import { collect, journalMaker, temporaryFolder } from './journal-maker.ts'

const LONG_MS = 600_000

let directory: string

beforeEach(async () => {
  directory = await temporaryFolder()
})

describe('leases', () => {
  test('the fence goes on growing through release, lapse and restart', async () => {
    let now = 0
    const clock = { now: () => now, sleep: async () => undefined }
    const fences: number[] = []
    for (let round = 0; round < 6; round += 1) {
      await using store = fileStore({ directory, clock })
      const lease = await store.lease('shop', `engine-${round % 2}`, 1_000)
      fences.push(lease.fence)
      if (round % 2 === 0) await store.release(lease)
      else now += 1_000
    }
    expect(fences).toStrictEqual([1, 2, 3, 4, 5, 6])
  })

  test('a lease lapses at its last instant, not before', async () => {
    let now = 0
    const clock = { now: () => now, sleep: async () => undefined }
    const store = fileStore({ directory, clock })
    await store.lease('shop', 'a', 1_000)
    now = 999
    await expect(store.lease('shop', 'b', 1_000)).rejects.toMatchObject({
      details: { holder: 'a', remainingMs: 1 },
    })
    now = 1_000
    expect(await store.lease('shop', 'b', 1_000)).toMatchObject({ fence: 2, expiresAt: 2_000 })
  })

  test('what a crash left beside the lease file does no harm', async () => {
    await open().lease('shop', 'a', LONG_MS)
    await writeFile(`${leasePath('shop')}.tmp`, '{"service":"sh')
    expect(await open().lease('shop', 'a', LONG_MS)).toMatchObject({ fence: 1 })
  })

  test.each([
    ['no JSON', '{"service":"sh', 'it is not a lease'],
    ['nothing', '', 'it is not a lease'],
    ['a fence that is none', leaseText({ fence: 0 }), 'it is not a lease'],
    ['another service', leaseText({ service: 'mail' }), 'it belongs to service "mail"'],
  ])('a lease file that holds %s is refused and left as it is', async (_, text, problem) => {
    await mkdir(join(directory, 'leases'), { recursive: true })
    await writeFile(leasePath('shop'), text)
    await expect(open().lease('shop', 'a', LONG_MS)).rejects.toMatchObject({
      code: 'CHANGEOVER_LEASE_CORRUPT',
      details: { service: 'shop', path: leasePath('shop'), problem },
    })
    expect(await readFile(leasePath('shop'), 'utf8')).toBe(text)
  })

  test.each([
    ['holder', '', 1_000],
    ['ttlMs', 'a', 0],
    ['ttlMs', 'a', -1],
    ['ttlMs', 'a', Number.NaN],
    ['ttlMs', 'a', Number.POSITIVE_INFINITY],
  ])('a request with a useless %s is refused', async (field, holder, ttlMs) => {
    await expect(open().lease('shop', holder, ttlMs)).rejects.toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field },
    })
  })
})

describe('an append under an older fence', () => {
  const ROUNDS = 20

  test('is refused as soon as another process was granted the lease, and the file stays as it is', async () => {
    const { created, next } = journalMaker('r1')
    const [late, leading] = [open(), open()]
    const lease = await late.lease('shop', 'a', LONG_MS)
    await late.append('r1', 0, [created()])
    await late.release(lease)
    await leading.lease('shop', 'b', LONG_MS)
    const before = await readFile(journalPath('r1'), 'utf8')
    await expect(late.append('r1', 1, [next({ type: 'led', holder: 'a' })])).rejects.toMatchObject({
      code: 'CHANGEOVER_FENCE_STALE',
      details: { service: 'shop', fence: 1, current: 'fence 2' },
    })
    expect(await readFile(journalPath('r1'), 'utf8')).toBe(before)
  })

  test('writes nothing after the grant, however the two race', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [service, id] = [`shop-${round}`, `r${round}`]
      const { created, ready } = journalMaker(id)
      const [late, leading] = [open(), open()]
      const lease = await late.lease(service, 'a', LONG_MS)
      await late.append(id, 0, [created(service)])
      await late.release(lease)
      let written = 1
      const writing = async (): Promise<void> => {
        for (;;) {
          await late.append(id, written, ready(1))
          written += 1
        }
      }
      const ended = Promise.allSettled([writing()])
      await setTimeout(round)
      await leading.lease(service, 'b', LONG_MS)
      const atGrant = (await collect(leading.read(id))).length
      expect(await ended).toMatchObject([{ reason: { code: 'CHANGEOVER_FENCE_STALE' } }])
      expect(await collect(leading.read(id))).toHaveLength(atGrant)
    }
  })

  test('waits for a grant that is under way, and is refused by what that comes to', async () => {
    const { created, next } = journalMaker('r1')
    const late = open()
    await late.lease('shop', 'a', LONG_MS)
    await late.append('r1', 0, [created()])
    const grant = async () => {
      const settled = Promise.allSettled([
        late.append('r1', 1, [next({ type: 'led', holder: 'a' })]),
      ])
      await setTimeout(50)
      await writeFile(leasePath('shop'), leaseText({ fence: 2 }))
      return { settled }
    }
    const path = `${leasePath('shop')}.lock`
    const { settled } = await withFileLock(path, grant, { clock: systemClock(), waitMs: LONG_MS })
    expect(await settled).toMatchObject([{ reason: { code: 'CHANGEOVER_FENCE_STALE' } }])
  })

  test('could not be granted meanwhile: the lease is locked while an entry is written', async () => {
    const { created, ready } = journalMaker('r1')
    await open().append('r1', 0, [created()])
    await appendFile(journalPath('r1'), 'torn')
    const seen: (string | undefined)[] = []
    // A torn end is told of right before the entry is written.
    const logger = { warn: () => void seen.push(holderOf(`${leasePath('shop')}.lock`)) }
    await fileStore({ directory, logger }).append('r1', 1, ready(1))
    expect(seen).toStrictEqual([expect.stringContaining(`${process.pid}`)])
    expect(holderOf(`${leasePath('shop')}.lock`)).toBeUndefined()
  })

  test('is told from one of a service that no lease could be granted for', async () => {
    const { created } = journalMaker('r1')
    await open().append('r1', 0, [created('a service / with a name of its own')])
    expect(await collect(open().read('r1'))).toHaveLength(1)
  })

  test('is not told from others where the lease cannot be read: nothing is written', async () => {
    await mkdir(join(directory, 'leases'), { recursive: true })
    await writeFile(leasePath('shop'), '{"service":"sh')
    const { created } = journalMaker('r1')
    await expect(open().append('r1', 0, [created()])).rejects.toMatchObject({
      code: 'CHANGEOVER_LEASE_CORRUPT',
    })
    expect(await collect(open().read('r1'))).toStrictEqual([])
  })
})

function open(): ReturnType<typeof fileStore> {
  return fileStore({ directory })
}

function leasePath(service: string): string {
  return join(directory, 'leases', `${service}.json`)
}

function holderOf(lock: string): string | undefined {
  return lstatSync(lock, { throwIfNoEntry: false }) && readlinkSync(lock)
}

function journalPath(rollout: string): string {
  return join(directory, 'rollouts', `${rollout}.jsonl`)
}

function leaseText(change: object): string {
  return JSON.stringify({ service: 'shop', holder: 'a', fence: 1, expiresAt: 1, ...change })
}
