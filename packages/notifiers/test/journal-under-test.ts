import { channel } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  chainEntry,
  type Entry,
  ENTRY_CHANNEL,
  type EntryBody,
  GENESIS_HASH,
  type Store,
} from '@changeover/engine'
import { onTestFinished } from 'vitest'

export function createdBody(service = 'shop', spec: unknown = 'server.js'): EntryBody {
  return {
    type: 'created',
    plan: {
      service,
      strategy: 'rolling',
      from: { id: 'a', version: '1.0.0', spec },
      to: { id: 'b', version: '2.0.0', spec },
      replicas: 2,
      steps: [],
      rollback: [],
      capacity: { maxTotal: 3, minAvailable: 2 },
      warnings: [],
    },
  }
}

/** Writes the journal of one rollout, as an engine does. */
export interface Writer {
  /** Makes entries durable, and answers with them. */
  append(...bodies: readonly EntryBody[]): Promise<readonly Entry[]>
}

/** @param publish whether entries are published in this process, as its own engine's are */
export function journalWriter(store: Store, rollout: string, publish = true, at = 1000): Writer {
  let last: Entry | undefined
  return {
    async append(...bodies) {
      const first = (last?.seq ?? -1) + 1
      const entries = bodies.map((body, n) => {
        const prev = last?.hash ?? GENESIS_HASH
        last = chainEntry(body, { rollout, seq: first + n, at, fence: 1, prev })
        return last
      })
      await store.append(rollout, first, entries)
      if (publish) entries.forEach((entry) => channel(ENTRY_CHANNEL).publish(entry))
      return entries
    },
  }
}

export function entryOf(body: EntryBody, rollout = 'r-1', seq = 0): Entry {
  return chainEntry(body, { rollout, seq, at: 1000, fence: 1, prev: GENESIS_HASH })
}

export const readies = (count: number): readonly EntryBody[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'ready', id: `b-${n}` }))

export const finished: EntryBody = { type: 'finished', outcome: 'promoted' }

/** An empty directory that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'notifiers-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
