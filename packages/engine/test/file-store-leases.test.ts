import { fileStore } from '@changeover/engine'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { temporaryFolder } from './journal-maker.ts'

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

function open(): ReturnType<typeof fileStore> {
  return fileStore({ directory })
}

function leasePath(service: string): string {
  return join(directory, 'leases', `${service}.json`)
}

function leaseText(change: object): string {
  return JSON.stringify({ service: 'shop', holder: 'a', fence: 1, expiresAt: 1, ...change })
}
