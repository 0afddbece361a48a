import { chainEntry, type Entry, type EntryBody, GENESIS_HASH } from '@changeover/engine'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Makes entries, each chained to the one before it. */
export interface JournalMaker {
  readonly next: (body: EntryBody) => Entry
  readonly created: (service?: string) => Entry
  readonly ready: (count: number) => Entry[]
}

export function journalMaker(rollout: string, after?: Entry, at = 1_000): JournalMaker {
  let previous = after
  const next = (body: EntryBody): Entry => {
    const seq = (previous?.seq ?? -1) + 1
    const prev = previous?.hash ?? GENESIS_HASH
    previous = chainEntry(body, { rollout, seq, at, fence: 1, prev })
    return previous
  }
  return {
    next,
    created: (service = 'shop') => next(createdBody(service)),
    ready: (count) =>
      Array.from({ length: count }, (_, n) => next({ type: 'ready', id: `b-${n}` })),
  }
}

export function createdBody(service: string, spec: unknown = 'server.js'): EntryBody {
  return {
    type: 'created',
    plan: {
      service,
      strategy: 'rolling',
      from: undefined,
      to: { id: 'b', version: '2.0.0', spec },
      replicas: 2,
      steps: [],
      rollback: [],
      capacity: { maxTotal: 3, minAvailable: 2 },
      warnings: [],
    },
  }
}

/** What a reader of the file gets: no field that is undefined. */
export function asJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'changeover-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
