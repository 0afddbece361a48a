import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import { checkLeaseFence, grantLease, type LeaseRequest, releasedLease } from './lease-grant.ts'
import { checkFileName, ifThere, syncFolder } from './store-folder.ts'

/** The last lease of one service, in a file of its own. */
export interface LeaseFile {
  readonly path: string
  readonly service: string
}

/** The leases of one folder. Changes to the same one must not overlap: the caller holds its lock. */
export interface LeaseFolder {
  /** Where the lease of `service` is. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` */
  file(service: string): LeaseFile
  grant(file: LeaseFile, request: LeaseRequest, now: number): Promise<Lease>
  giveBack(file: LeaseFile, lease: Lease): Promise<void>
  /** @throws ChangeoverError `CHANGEOVER_FENCE_STALE` where a newer fence than that of `entries` was granted */
  check(file: LeaseFile, entries: readonly Entry[]): Promise<void>
}

const LEASE = z.strictObject({
  service: z.string(),
  holder: z.string(),
  fence: z.int().positive(),
  expiresAt: z.number(),
})

export function leaseFolder(path: string): LeaseFolder {
  return {
    file: (service) => ({
      service,
      path: join(path, `${checkFileName('service', service)}.json`),
    }),
    async grant(file, request, now) {
      const lease = grantLease(await readLease(file), request, now)
      await writeLease(file, lease, path)
      return lease
    },
    async giveBack(file, lease) {
      const released = releasedLease(await readLease(file), lease)
      if (released !== undefined) await writeLease(file, released, path)
    },
    check: async (file, entries) => checkLeaseFence(await readLease(file), entries),
  }
}

/** The last lease granted, lapsed or not; undefined where there never was one. */
async function readLease({ path, service }: LeaseFile): Promise<Lease | undefined> {
  const text = await ifThere(() => readFile(path, 'utf8'))
  if (text === undefined) return undefined
  const lease = parseLease(text)
  if (lease?.service === service) return lease
  const problem = lease ? `it belongs to service "${lease.service}"` : 'it is not a lease'
  throw refuse('CHANGEOVER_LEASE_CORRUPT', { service, path, problem })
}

/** Puts `lease` in the place of the last one, as a whole or not at all; durable when it resolves. */
async function writeLease({ path }: LeaseFile, lease: Lease, folder: string): Promise<void> {
  const handle = await open(`${path}.tmp`, 'w')
  try {
    await handle.writeFile(`${JSON.stringify(lease)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.tmp`, path)
  await syncFolder(folder)
}

function parseLease(text: string): Lease | undefined {
  try {
    return LEASE.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
