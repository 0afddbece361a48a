import { join, resolve } from 'node:path'
import { z } from 'zod'
import { checkOptions, portSchema } from './check-options.ts'
import type { Clock } from './clock.ts'
import { createFileTurns, type FileTurns } from './file-turns.ts'
import { journalFolder, type StoreLogger, type UnderLease } from './journal-folder.ts'
import { readEntries } from './journal-scan.ts'
import { leaseFolder } from './lease-folder.ts'
import { createFolders, isFileName } from './store-folder.ts'
import { createStoreGate } from './store-gate.ts'
import type { Store } from './store.ts'
import { systemClock } from './system-clock.ts'

export interface FileStoreOptions {
  /** Made where it is missing. On a disk of this machine: locks do not reach further. */
  readonly directory: string
  /** Decides when leases lapse. @default systemClock() */
  readonly clock?: Clock
  /**
   * Finished rollouts kept of each service; older ones are deleted when another one finishes. Never one that is under
   * way, nor what tells the current release and the one before it. @default all
   */
  readonly retain?: number
  /** Is told when the torn end of a journal was removed. @default none */
  readonly logger?: StoreLogger
}

const OPTIONS = z.strictObject({
  directory: z.string().min(1),
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  retain: z.int().min(1).optional(),
  logger: portSchema<StoreLogger>('logger', ['warn']).optional(),
})

/** Longest wait for another process that is writing: its disk may be slow, but not that slow. */
const LOCK_WAIT_MS = 10_000

/**
 * A store that needs nothing installed: one file of JSON Lines per rollout (`rollouts/<id>.jsonl`), one small file per
 * lease (`leases/<service>.json`). What was acknowledged survives `kill -9` and power loss; what a crash cut off is
 * removed by the next append; what is damaged otherwise is refused and left as it is. Several processes of one machine
 * (Linux, macOS) may share the folder.
 *
 * Service names and rollout ids become file names: letters, digits, `.`, `_` and `-`, up to 128 and 160 of them.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`; from its methods also `CHANGEOVER_STORE_LOCKED`,
 *   `CHANGEOVER_STORE_FAILED`, `CHANGEOVER_STORE_CLOSED`, `CHANGEOVER_ENTRY_INVALID`, `CHANGEOVER_FENCE_STALE`,
 *   `CHANGEOVER_LEASE_CORRUPT`
 * @example
 * ```ts
 * const engine = createEngine({ store: fileStore({ directory: '/var/lib/shop/deploys' }), router, fleet })
 * ```
 */
export function fileStore(options: FileStoreOptions): Store & AsyncDisposable {
  const {
    logger,
    retain,
    clock = systemClock(),
    ...rest
  } = checkOptions(OPTIONS, options, 'fileStore')
  const directory = resolve(rest.directory)
  const [rollouts, leases] = [join(directory, 'rollouts'), join(directory, 'leases')]
  const journals = journalFolder(rollouts, logger)
  const grants = leaseFolder(leases)
  const gate = createStoreGate(directory)
  const ready = createFolders([rollouts, leases])
  const takeTurn = createFileTurns({ clock, waitMs: LOCK_WAIT_MS, signal: gate.closing })
  const alone: FileTurns = async (path, work) => {
    await ready()
    return takeTurn(path, work)
  }
  /** The lease cannot change hands between the look at it and the write. One that no file can hold was never granted. */
  const underLease: UnderLease = async (service, entries, write) => {
    if (service === undefined || !isFileName('service', service)) return write()
    const file = grants.file(service)
    await alone(file.path, async () => {
      await grants.check(file, entries)
      await write()
    })
  }
  return {
    name: 'file',
    append: (rolloutId, expectedSeq, entries) =>
      gate.enter('append', async () => {
        const file = journals.file(rolloutId)
        await alone(file.path, () => journals.append(file, expectedSeq, entries, underLease))
        if (retain !== undefined && entries.at(-1)?.type === 'finished')
          await journals.forget(file, retain)
      }),
    read: (rolloutId) => gate.stream('read', () => readEntries(journals.file(rolloutId))),
    rollouts: (filter = {}) => gate.enter('rollouts', () => journals.rollouts(filter)),
    lease: (service, holder, ttlMs) =>
      gate.enter('lease', async () => {
        const file = grants.file(service)
        const request = { service, holder, ttlMs }
        return alone(file.path, () => grants.grant(file, request, clock.now()))
      }),
    release: (lease) =>
      gate.enter('release', async () => {
        const file = grants.file(lease.service)
        await alone(file.path, () => grants.giveBack(file, lease))
      }),
    close: gate.close,
    [Symbol.asyncDispose]: gate.close,
  }
}
